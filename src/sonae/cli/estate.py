"""The commands of a failed exchange's estate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sonae.cli.main import FOUND, OK, Json, Language, day, estate, language, out, show, show_json

Plan = Annotated[Path, Parameter(name="PLAN")]


@estate.command(name="distribute")
def estate_distribute(
    file: Plan,
    *,
    claims: Path,
    out_dir: Annotated[Path | None, Parameter(name="--out")] = None,
    after: Path | None = None,
    assignments: Path | None = None,
    debts: Path | None = None,
    sheet: Annotated[bool, Parameter(name="--csv", negative="--no-csv")] = True,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Distribute an estate: what each claim gets now, what is reserved, what is left and whose.

    Parameters
    ----------
    file
        The plan (docs/guide/estate.md).
    claims
        Claims as CSV or Parquet: claimant, person, asset, amount, rank, state, flags.
    out_dir
        Where the table (Parquet, and CSV unless --no-csv) and estate.json go.
    after
        The folder of the distribution before this one: who was paid less catches up.
    assignments
        The register of assigned claims as CSV.
    debts
        What customers owe, set off first, as CSV: claimant, amount in base units of money.
    sheet
        Also write the table as CSV.
    """
    from sonae.actions.estate.distribute import distribute
    from sonae.report.estate import distribution_view

    document = distribute(file, claims, out_dir, after, assignments, debts, sheet)
    if json:
        show_json(document)
    else:
        show(distribution_view(document, language(lang)))
        if out_dir is not None:
            out(f"→ {out_dir}")
    return FOUND if document["not_valued"] else OK


@estate.command(name="plan")
def estate_plan(
    folder: Annotated[Path, Parameter(name="FOLDER")],
    *,
    proceeding: str,
    commencement_on: str,
    record_on: str,
    out_dir: Annotated[Path | None, Parameter(name="--out")] = None,
    rates: Path | None = None,
    at_pack_prices: bool = False,
    state: str = "unfiled",
    trigger_event: bool | None = None,
    id: Annotated[str | None, Parameter(name="--id")] = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Draft plan and claims from an opened pack; exit code 1 while something is open.

    Parameters
    ----------
    folder
        The folder of an opened pack.
    proceeding
        Which proceeding it is.
    commencement_on
        Claims are valued on this day (YYYY-MM-DD).
    record_on
        Who holds a claim on this day is paid (YYYY-MM-DD).
    out_dir
        A new folder for plan.toml, claims.parquet and draft.json.
    rates
        Prices at commencement as CSV: asset, rate.
    at_pack_prices
        Take the prices of the pack's day as those of commencement.
    state
        The state of every claim: unfiled unless somebody says otherwise.
    trigger_event
        Whether an event came about after which the beneficiaries' agent alone pays the cash trust.
    id
        A name for the estate.
    """
    from sonae.actions.estate.plan import Asked, draft_plan
    from sonae.report.estate import draft_view

    first, record = day(commencement_on), day(record_on)
    assert first is not None
    assert record is not None
    asked = Asked(proceeding, first, record, rates, at_pack_prices, state, trigger_event, id)
    document = draft_plan(folder, asked, out_dir)
    if json:
        show_json(document)
    else:
        show(draft_view(document, language(lang)))
        if out_dir is not None:
            out(f"→ {out_dir}")
    return FOUND if document["not_placed"] or document["not_known"] else OK


@estate.command(name="report")
def estate_report(
    folder: Annotated[Path, Parameter(name="OUT_DIR")],
    *,
    out_file: Annotated[Path | None, Parameter(name="--out")] = None,
    xlsx: Path | None = None,
    statements: Path | None = None,
    notice: Path | None = None,
    draft: Path | None = None,
    person: str | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Report a distribution to the court, and state to each creditor what both payers pay.

    Parameters
    ----------
    folder
        The folder of a distribution.
    out_file
        The report as PDF/A.
    xlsx
        The same schedules as a workbook.
    statements
        Every creditor's statement as CSV, one line for each claim.
    notice
        The notice to all, as text without a link.
    draft
        draft.json of the plan: what is in no pool and what is not known goes into the report.
    person
        The statement of this person, in place of the report.
    """
    from sonae.actions.estate.report import Wanted, report_estate

    wanted = Wanted(out_file, xlsx, statements, notice, draft, person)
    found = report_estate(folder, wanted, language(lang))
    if json:
        show_json(found)
    else:
        out("\n".join(f"→ {file}" for file in found["files"].values()))
    return OK


@estate.command(name="look-back")
def estate_look_back(
    file: Plan,
    movements: Annotated[Path, Parameter(name="MOVEMENTS.csv")],
    *,
    petition_on: str,
    least: str,
    days: int | None = None,
    ground: str | None = None,
    inability_on: str | None = None,
    suspension_on: str | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Flag large net withdrawals before the failure, with amounts and dates; nothing is set off.

    Parameters
    ----------
    file
        The plan: scales, rates, proceeding.
    movements
        customer, asset, quantity_decimal (below zero where it left), on, own_property.
    petition_on
        The last day of the period (YYYY-MM-DD).
    least
        Net withdrawals of at least so much money are flagged, in whole units.
    days
        So many days back, by the administrator's own choice.
    ground
        preference, no_obligation or gratuitous: the period of the rulebook.
    inability_on
        When the firm became unable to pay.
    suspension_on
        When payments were suspended.
    """
    from sonae.actions.estate.look_back import Period, look_back
    from sonae.report.estate import look_back_view

    last = day(petition_on)
    assert last is not None
    period = Period(last, days, ground, day(inability_on), day(suspension_on))
    found = look_back(file, movements, period, least)
    if json:
        show_json(found)
    else:
        show(look_back_view(found, language(lang)))
    return FOUND if found["flagged"] else OK


@estate.command(name="elect")
def estate_elect(
    file: Plan,
    *,
    claims: Path,
    elections: Path,
    in_full: str,
    early_share: str,
    out_dir: Annotated[Path | None, Parameter(name="--out")] = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Early lump sums over all claims: so much in full, the rest early in part, or for later.

    Parameters
    ----------
    file
        The plan.
    claims
        Claims as for distribute, customers' in the plan's currency.
    elections
        CSV: person, choice (early or later); who is not in it is left for later.
    in_full
        What each person gets in full, in whole units of the currency.
    early_share
        The part of the rest that an early lump sum pays; what remains is waived.
    out_dir
        A new folder for elections.parquet, elections.json, and claims.parquet of what is left.
    """
    from sonae.actions.estate.elect import elect
    from sonae.report.estate import elections_view

    found = elect(file, claims, elections, in_full, early_share, out_dir)
    if json:
        show_json(found)
    else:
        show(elections_view(found, language(lang)))
    return OK if found["short"] == "0" else FOUND


@estate.command(name="rival")
def estate_rival(file: Plan, *, claims: Path, lang: Language = None, json: Json = False) -> int:
    """Days of valuation side by side: the money of each group, who gains, who loses.

    Parameters
    ----------
    file
        A plan with [[valuation]] entries; the first is what the others are compared with.
    claims
        Claims as for distribute.
    """
    from sonae.actions.estate.distribute import rival
    from sonae.report.estate import rival_view

    document = rival(file, claims)
    if json:
        show_json(document)
    else:
        show(rival_view(document, language(lang)))
    return OK


@estate.command(name="plans")
def estate_plans(*, lang: Language = None, json: Json = False) -> int:
    """How failed exchanges paid, as shipped rules: source, how sure, what is not known."""
    from sonae.actions.estate.distribute import plans
    from sonae.report.estate import plans_view

    found = plans()
    if json:
        show_json({"format": "sonae-estate-plans/1", "plans": found})
    else:
        show(plans_view(found, language(lang)))
    return OK
