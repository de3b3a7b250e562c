"""`sonae calibrate`, `sonae mix`, `sonae survey`: a level, what a firm makes of it, the data."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from sonae.cli.main import (
    FOUND,
    OK,
    Json,
    Language,
    app,
    day,
    language,
    out,
    progress,
    show,
    show_json,
    survey,
)
from sonae.core.canonical import parse_number
from sonae.core.errors import UsageError

if TYPE_CHECKING:
    from sonae.actions.level.question import Question

Folders = Annotated[list[Path] | None, Parameter(negative="")]


def exact(text: str, what: str) -> Fraction:
    """A share as written: 0.95, 95/100 or 1/2."""
    try:
        above, _, below = text.partition("/")
        return parse_number(above) / (parse_number(below) if below else 1)
    except (ValueError, ZeroDivisionError) as error:
        raise UsageError(f"{what}: {text!r} is not a number such as 0.95 or 1/2") from error


@Parameter(name="*")
@dataclass(frozen=True)
class Level:
    """What is fitted, and to what.

    Parameters
    ----------
    family
        custody-value, cold-value, hot-value, volume or max (of custody and hot).
    draft
        A draft by name or file instead: all its rates move by one factor.
    variant
        Which version, where the draft has several.
    target
        The share of past and of possible losses to be fully made good.
    floor
        The least that any firm holds, in yen.
    cap
        The most that any firm holds, in yen.
    phase_in
        Years of equal steps from the day of the draft; 0 for none.
    on
        The day of the draft; today unless given.
    books
        Books of a firm; may be repeated. Without books and survey: demonstration venues and the
        public list.
    survey
        A survey as `sonae survey template` makes it.
    jurisdiction
        Firms of one jurisdiction only, as JP.
    memory
        Use rows that rest on memory too.
    until
        Fit to losses up to this year.
    validate
        Fit up to this year, predict what came after, and score it.
    seed
        Of resampling.
    capital
        A table of firm, net_assets_jpy, profit_year_jpy and source for firms whose capital is not
        public, CSV or XLSX.
    law
        Of the share lost: beta, lognormal, size, or model (venues of unknown balance count too).
    """

    family: str = "custody-value"
    draft: str | None = None
    variant: str | None = None
    target: str = "0.95"
    floor: int | None = None
    cap: int | None = None
    phase_in: int = 0
    on: str | None = None
    books: Folders = None
    survey: Folders = None
    jurisdiction: str | None = None
    memory: Annotated[bool, Parameter(negative="")] = False
    until: int | None = None
    validate: int = 2020
    seed: int = 1
    law: str = "beta"
    capital: Path | None = None


@Parameter(name="*")
@dataclass(frozen=True)
class Costs:
    """What cash and insurance cost, and how late they pay.

    Parameters
    ----------
    insurance_share
        The part that insurance may meet.
    capital_cost
        Of a yen held in cash, a year.
    premium
        Of a yen insured, a year.
    days_cash
        Days until a reserve has made customers good.
    days_insurance
        Days until insurance has.
    """

    insurance_share: str = "1/2"
    capital_cost: str = "0.09"
    premium: str = "0.02"
    days_cash: int = 14
    days_insurance: int = 240


def question_of(level: Level, costs: Costs) -> Question:
    """The question as the action takes it."""
    from sonae.actions.incident.insurance import today
    from sonae.actions.level.question import Question

    given = day(level.on)
    return Question(
        family=level.family,
        target=exact(level.target, "--target"),
        draft=level.draft,
        floor=level.floor,
        cap=level.cap,
        insurance_share=exact(costs.insurance_share, "--insurance-share"),
        capital_cost=exact(costs.capital_cost, "--capital-cost"),
        premium=exact(costs.premium, "--premium"),
        days_cash=costs.days_cash,
        days_insurance=costs.days_insurance,
        phase_in=level.phase_in,
        books=tuple(level.books or ()),
        tables=tuple(level.survey or ()),
        jurisdiction=level.jurisdiction,
        memory=level.memory,
        until=level.until,
        validate=level.validate,
        seed=level.seed,
        on=given or today(),
        law=level.law,
        variant=level.variant,
        capital=level.capital,
    )


_LEVEL, _COSTS = Level(), Costs()


@app.command(name="calibrate")
def calibrate_level(
    *,
    level: Level = _LEVEL,
    costs: Costs = _COSTS,
    against: Path | None = None,
    out: Path | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Fit a formula so that a chosen share of losses is made good, and test it on every named one.

    Parameters
    ----------
    against
        An earlier calibration.json: show what changed.
    out
        A folder for calibration.json, draft.toml and the report in both languages.
    """
    from sonae.actions.level.calibrate import calibrate, changed_since
    from sonae.actions.level.write import write_level
    from sonae.report.level import calibration_view

    words, question = language(lang), question_of(level, costs)
    with progress(words, 3) as bar:
        found, text = calibrate(question, bar.step)
    if against is not None:
        found["changed"] = changed_since(against, found)
    if out is not None:
        write_level(out, found, text)
    if json:
        show_json(found)
    else:
        show(calibration_view(found, words))
    return OK if found["reached"]["target"] else FOUND


@survey.command(name="template")
def survey_template(folder: Annotated[Path, Parameter(name="DIR")]) -> int:
    """The empty survey, one row for each firm, as CSV and XLSX."""
    from sonae.actions.level.survey import write_template

    for name in write_template(folder):
        out(str(folder / name))
    return OK


@survey.command(name="totals")
def survey_totals(
    file: Annotated[Path, Parameter(name="FILE")],
    *,
    association: Path | None = None,
    out: Path | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Totals of a survey by size of firm; cells of fewer than five firms are suppressed.

    Parameters
    ----------
    file
        The filled-in survey, CSV or XLSX.
    association
        The association's monthly statistics, to set beside it.
    out
        A folder for totals.json and totals.csv.
    """
    from sonae.actions.level.survey import survey_totals
    from sonae.report.level import totals_view

    found = survey_totals(file, out, association)
    if json:
        show_json(found)
    else:
        show(totals_view(found, language(lang)))
    return OK


@survey.command(name="association")
def survey_association(
    file: Annotated[Path, Parameter(name="FILE")],
    *,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Read the association's monthly statistics: custody and the range of turnover.

    Parameters
    ----------
    file
        CSV or XLSX: month, accounts, active_accounts, custody_jpy, cash_jpy, spot_volume_jpy,
        margin_volume_jpy.
    """
    from sonae.actions.level.survey import association
    from sonae.report.level import association_view

    found = association(file)
    if json:
        show_json(found)
    else:
        show(association_view(found, language(lang)))
    return OK


@app.command(name="mix")
def mix_level(
    spec: Annotated[Path | None, Parameter(name="SPEC")] = None,
    *,
    books: Path | None = None,
    assume: str | None = None,
    variant: str | None = None,
    capital_cost: str = "0.09",
    level: str = "0.995",
    seed: int = 1,
    out: Path | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """The cheapest mix of cash and insurance, what each layer is worth, what a default does.

    Parameters
    ----------
    spec
        A TOML file with firm, rule, prices and layers; or give --books and --assume.
    books
        Books of the firm, with a house menu of layers.
    assume
        The draft that sets the requirement, by name or file.
    variant
        Which version, where the draft has several.
    capital_cost
        Of a yen held in cash, a year (with --books).
    level
        Of the retained tail that cash must cover (with --books).
    seed
        Of points and draws (with --books).
    out
        A folder for mix.json and the report in both languages.
    """
    from sonae.actions.loss.mix import mix_books, mix_file, write_mix
    from sonae.report.mix import mix_view

    if (spec is None) == (books is None) or (books is None) != (assume is None):
        raise UsageError("give a SPEC, or --books together with --assume")
    if spec is not None:
        found = mix_file(spec)
    else:
        assert books is not None
        assert assume is not None
        share, target = exact(capital_cost, "--capital-cost"), exact(level, "--level")
        if not 0 < target < 1 or not 0 <= share <= 1:
            raise UsageError("--level and --capital-cost lie between 0 and 1")
        found = mix_books(books, assume, share, target, seed, variant)
    if out is not None:
        write_mix(out, found)
    if json:
        show_json(found)
    else:
        show(mix_view(found, language(lang)))
    return OK
