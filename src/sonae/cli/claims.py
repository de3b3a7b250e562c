"""The commands of claims: from a loss to paid customers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sonae.cli.main import (
    FOUND,
    OK,
    EngineName,
    Json,
    Language,
    Master,
    Memory,
    WorkFolder,
    claims,
    incident,
    language,
    out,
    progress,
    show,
    show_json,
)

Books = Annotated[Path, Parameter(name="BOOKS")]
File = Annotated[Path, Parameter(name="INCIDENT")]
Policies = Annotated[Path | None, Parameter(name="--policies")]


@claims.command(name="allocate")
def claims_allocate(
    file: Annotated[Path, Parameter(name="CLAIMS")],
    *,
    pool: Path,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Allocate pools to claims pro rata, to the unit; each share rounded down, the residue named.

    Parameters
    ----------
    file
        Claims as CSV or Parquet: claimant, asset, amount in base units.
    pool
        Pools as JSON: {asset: amount in base units}.
    """
    from sonae.actions.claims.allocate import allocate
    from sonae.report.claims import allocation_table

    found = allocate(file, pool)
    if json:
        show_json(found)
    else:
        show(allocation_table(found, language(lang)))
    return OK


@claims.command(name="caps")
def claims_caps(
    file: Annotated[Path, Parameter(name="PRODUCTS")],
    *,
    rule: str = "jp.dicj.order",
    on: str,
    people: Path | None = None,
    cap: int | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """What a cap that counts a person once covers of several products, in the order of a rule.

    Parameters
    ----------
    file
        Products as CSV: account, amount and, where the order needs them, encumbered, matures, rate;
        with person, or with brand and customer_id.
    rule
        The rule that names the order of satisfaction and the cap.
    on
        The day whose law applies (YYYY-MM-DD).
    people
        private/people.csv of `claims people`, where the products have brand and customer_id.
    cap
        A cap in place of the rule's.
    """
    from sonae.actions.claims.caps import caps
    from sonae.cli.main import day
    from sonae.report.claims import caps_table

    when = day(on)
    assert when is not None
    found = caps(file, rule, when, people, cap)
    if json:
        show_json(found)
    else:
        show(caps_table(found, language(lang)))
    return OK


@claims.command(name="rate")
def claims_rate(
    file: Annotated[Path, Parameter(name="TRADES")],
    *,
    start: Annotated[str, Parameter(name="--from")],
    end: Annotated[str, Parameter(name="--to")],
    decimals: int = 3,
    json: Json = False,
) -> int:
    """The volume-weighted price over a window, from a venue's trade file, and what it lacks.

    Parameters
    ----------
    file
        Trades as CSV: trade (its number), at, price, quantity.
    start
        The first instant of the window, with its offset.
    end
        The last instant of the window.
    decimals
        To how many decimals the rate is rounded.
    """
    from sonae.actions.claims.allocate import rate_of
    from sonae.actions.claims.allocate import window as window_of

    found = rate_of(file, *window_of(start, end), decimals)
    if json:
        show_json(found)
    else:
        out(f"{found['rate']}  ({found['trades']:,} trades, {len(found['missing'])} missing)")
    return OK if not found["missing"] else FOUND


@claims.command(name="people")
def claims_people(
    books: Annotated[list[str], Parameter(name="BRAND=BOOKS", negative="")],
    *,
    decisions: Annotated[list[Path] | None, Parameter(negative="")] = None,
    out_dir: Annotated[Path | None, Parameter(name="--out")] = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Who is one person over accounts and brands: exact rules first, then what people decide.

    Parameters
    ----------
    books
        Brands and their Books, such as main=books other=books2.
    decisions
        Filled-in lists of candidates, of this run and of earlier ones.
    out_dir
        Where the lists go, personal data into `private`.
    """
    from sonae.actions.claims.people import identify
    from sonae.core.errors import UsageError
    from sonae.report.claims import people_table

    pairs = [text.partition("=") for text in books]
    if not all(brand and folder for brand, _, folder in pairs):
        raise UsageError("name each Books with its brand: BRAND=FOLDER")
    given = [(brand, Path(folder)) for brand, _, folder in pairs]
    with progress(language(lang), 2) as bar:
        found = identify(given, decisions or (), out_dir, bar.step)
    if json:
        show_json(found)
    else:
        show(people_table(found, language(lang)))
    return OK


@claims.command(name="value")
def claims_value(
    books: Books,
    file: File,
    *,
    out_dir: Annotated[Path | None, Parameter(name="--out")] = None,
    memory: Memory = None,
    work: WorkFolder = None,
    engine: EngineName = "duckdb",
    spark_master: Master = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Every method of an incident over every account, side by side.

    Parameters
    ----------
    books
        The Books of the record date.
    file
        The incident (docs/guide/incident.md).
    out_dir
        Where the comparison and the accounts under every method go.
    """
    from sonae.actions.claims.entitle import compare_methods, load_incident
    from sonae.actions.work import Work
    from sonae.books.engine import engine_at
    from sonae.report.incident import valuation_view

    room, where = Work.of(memory, work, out_dir), engine_at(engine, spark_master)
    document = compare_methods(books, load_incident(file)[0], out_dir, room, where)
    if json:
        show_json(document)
    else:
        show(valuation_view(document, language(lang)))
    return OK


@claims.command(name="freeze")
def claims_freeze(
    books: Books,
    file: File,
    *,
    method: str,
    key: Annotated[Path, Parameter(name="--key", env_var="SONAE_KEY")],
    out_dir: Annotated[Path, Parameter(name="--out")],
    supersedes: Path | None = None,
    reason: str = "",
    json: Json = False,
) -> int:
    """Freeze the entitlements of one method, signed; another version names this one and why.

    Parameters
    ----------
    books
        The Books of the record date.
    file
        The incident.
    method
        The method that was decided.
    key
        The key of the person who signs.
    out_dir
        A new folder.
    supersedes
        The folder of the list that this one replaces.
    reason
        Why it is replaced.
    """
    from sonae.actions.claims.frozen import freeze

    document = freeze(books, file, method, out_dir, key, supersedes, reason)
    if json:
        show_json(document)
    else:
        out(f"→ {out_dir}  v{document['version']}  sha256 {document['table_digest']}")
    return OK


@incident.command(name="open")
def incident_open(
    file: File,
    *,
    law_on: str | None = None,
    of: Annotated[Path | None, Parameter(name="--books")] = None,
    policies: Policies = None,
    as_of: str | None = None,
    out_dir: Annotated[Path | None, Parameter(name="--out")] = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """What an incident starts: loss, clocks, gates of each payment, who bears it, the refill.

    Parameters
    ----------
    file
        The incident.
    law_on
        Apply the law of another day (YYYY-MM-DD); the result is a what-if.
    of
        The Books of the record date, to count the customers who share a gap.
    policies
        Policies of a file or of a folder of Books, where the incident has none of its own.
    as_of
        The day on which clocks of insurers are looked at (YYYY-MM-DD); today where not given.
    out_dir
        A folder for incident.json, which the console shows.
    """
    from sonae.actions.incident.open import open_incident, write_incident
    from sonae.cli.main import day
    from sonae.report.incident import incident_view

    found = open_incident(file, day(law_on), of, policies, day(as_of))
    if out_dir is not None:
        write_incident(found, out_dir)
    if json:
        show_json(found)
    else:
        show(incident_view(found, language(lang)))
    insured = found["insurance"] or {"policies": []}
    return FOUND if any(p["at_risk"] for p in insured["policies"]) else OK


@incident.command(name="compare")
def incident_compare(
    old: Annotated[Path, Parameter(name="OLD")],
    new: Annotated[Path, Parameter(name="NEW")],
    *,
    frozen: Path | None = None,
    law_on: str | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """What a later version of an incident changes: clocks, gates, who bears it; never a payment.

    Parameters
    ----------
    old
        The earlier file.
    new
        The later one, which names the earlier (replaces) and says why (reason).
    frozen
        The frozen entitlements that payments go by.
    law_on
        Apply the law of another day (YYYY-MM-DD) to both.
    """
    from sonae.actions.incident.compare import compare
    from sonae.cli.main import day
    from sonae.report.incident_compare import comparison_view

    found = compare(old, new, day(law_on), frozen)
    if json:
        show_json(found)
    else:
        show(comparison_view(found, language(lang)))
    return OK


@incident.command(name="notice")
def incident_notice(
    file: File,
    *,
    out_dir: Annotated[Path, Parameter(name="--out")],
    on: str | None = None,
    next_by: str | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Every notice of an incident in both languages, without a link, and the hash of each.

    Parameters
    ----------
    file
        The incident.
    out_dir
        A new or empty folder, or one that this wrote.
    on
        The day of the notices (YYYY-MM-DD); the day on which it was learned by default.
    next_by
        The day by which more is told; a week later by default.
    """
    from sonae.actions.incident.notice import write_notices
    from sonae.cli.main import day
    from sonae.report.incident_notices import notices_view

    found = write_notices(file, out_dir, day(on), day(next_by))
    if json:
        show_json(found)
    else:
        show(notices_view(found, language(lang)))
        out(f"→ {out_dir}")
    return OK


@incident.command(name="insurer")
def incident_insurer(
    file: File,
    *,
    out_dir: Annotated[Path, Parameter(name="--out")],
    policies: Policies = None,
    as_of: str | None = None,
    json: Json = False,
) -> int:
    """The pack for each insurer: a notice in draft and the proof of loss, with a manifest.

    Parameters
    ----------
    file
        The incident.
    out_dir
        Where the pack goes, a folder for each policy.
    policies
        Policies of a file or of a folder of Books, where the incident has none of its own.
    as_of
        The day on which clocks are looked at (YYYY-MM-DD); today where not given.
    """
    from sonae.actions.incident.insurer_pack import insurer_pack
    from sonae.cli.main import day

    found = insurer_pack(file, out_dir, policies, day(as_of))
    if json:
        show_json(found)
    else:
        for policy in found["policies"]:
            clocks = ", ".join(f"{c['what']} {c['due']} {c['state']}" for c in policy["clocks"])
            out(f"{policy['policy_id']}  {policy['insurer']}: {clocks}")
        out(f"→ {out_dir}  {len(found['files'])} files")
    return FOUND if any(p["at_risk"] for p in found["policies"]) else OK
