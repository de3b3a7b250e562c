"""The loss in question against what each rule or draft would have kept for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from markupsafe import Markup

from sonae.report import format as fmt
from sonae.report.figures import Cell, Figures, Reasons
from sonae.report.rules import Gap, Test, gaps, tests
from sonae.report.sources import CONTEXT, Note, note
from sonae.report.stack import CUSTODY
from sonae.report.svg import bar
from sonae.report.titles import Titles

LOSS = "loss_in_question_jpy"
WITHOUT = "without_bracket"
KINDS = ("cover", "range", "gap", "beyond")


@dataclass(frozen=True, slots=True)
class Row:
    """One rule or draft: what it would have required, and the part of the loss that it covers."""

    title: str
    detail: str
    standing: str
    own_money: bool
    required: Cell
    covered: str
    share: str
    bar: Markup
    kinds: Sequence[str]


@dataclass(frozen=True, slots=True)
class Against:
    """The whole section."""

    loss: Cell
    rows: Sequence[Row]
    kinds: Sequence[str]
    reasons: Reasons
    tests: Sequence[Test]
    clean: bool
    gaps: Sequence[Gap]
    context: Sequence[Note]


def against(figures: Figures, titles: Titles) -> Against | None:
    """The section, where the document has a loss in question."""
    id = figures.document["facts"].get(LOSS)
    loss = figures.number(id) if id else None
    if id is None or loss is None:
        return None
    lines = list(_lines(figures, titles))
    ends = [e for line in lines if (e := figures.bounds(line[3])) is not None]
    most = max([loss, *(high for _, high in ends)])
    reasons, done = Reasons(), tests(figures, titles)
    rows = [_row(figures, line, loss, most, reasons) for line in lines]
    notes = figures.document["sources"]["notes"]
    return Against(
        figures.cell(id, unit=True),
        rows,
        [kind for kind in KINDS if any(kind in row.kinds for row in rows)],
        reasons,
        done,
        bool(done) and all(t.passed for t in done) and not _broken(figures),
        gaps(figures, titles),
        [note(figures, n) for n in notes if n["table"] == CONTEXT],
    )


Line = tuple[str, str, bool, str]


def _lines(figures: Figures, titles: Titles) -> Iterator[Line]:
    """Title, detail, whether in own money beside drafts, and the figure of what is required."""
    document = figures.document
    for line in document["stack"]:
        if line["own_money"]:
            yield fmt.title(line["title"][figures.lang], figures.lang), "", True, line["required"]
    for id, cover in document["cover"]["by_regime"].items():
        if id == CUSTODY or id in document.get("stack_abroad", {}):
            continue
        yield titles.regime(id), "", not titles.is_draft(id), cover["figures"]["required"]
        outputs = document["requirements"].get(id, {})
        if WITHOUT in outputs:
            yield titles.regime(id), figures.label(outputs[WITHOUT]), False, outputs[WITHOUT]


def _row(figures: Figures, line: Line, loss: Fraction, most: Fraction, reasons: Reasons) -> Row:
    title, detail, own, id = line
    ends, zero = figures.bounds(id), Fraction(0)
    parts: list[tuple[Fraction, Fraction, str]] = []
    covered = share = figures.words("value.not_computable")
    if ends is not None:
        low, high = min(ends[0], loss), min(ends[1], loss)
        parts = [(zero, low, "cover"), (low, high, "range"), (high, loss, "gap")]
        parts = [p for p in (*parts, (loss, ends[1], "beyond")) if p[0] < p[1]]
        covered = _span(fmt.money(low), fmt.money(high))
        share = _span(*(fmt.percent(end / loss, figures.lang) for end in (low, high)))
    return Row(
        title,
        detail,
        figures.entries[id]["standing"],
        own,
        figures.cell(id, reasons),
        covered,
        share,
        bar(parts, most),
        [kind for _, _, kind in parts],
    )


def _span(low: str, high: str) -> str:
    return low if low == high else fmt.ends(low, high)


def _broken(figures: Figures) -> bool:
    """True where a finding is a breach, or a line of custody law is short."""
    if any(f["severity"] == "breach" for f in figures.document["findings"]):
        return True
    abroad = figures.document.get("stack_abroad", {}).values()
    lines = [*figures.document["stack"], *(line for found in abroad for line in found)]
    short = [figures.bounds(line["shortfall"]) for line in lines]
    return any(ends is not None and ends[1] > 0 for ends in short)
