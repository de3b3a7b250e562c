"""What every filing shares: a close in both languages, amounts, marks, and words on the law's form.

A filing is made from `close.json` and nothing else of the day, so that it can be made again years
later. A close under an assumed proposal, or of a what-if, marks every page and is never filed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sonae.core.canonical import decimal_text, number_text, parse_number
from sonae.core.citation import Citation
from sonae.core.display import fixed, with_separators
from sonae.core.figure import Figure
from sonae.core.text import Text, same
from sonae.report import format as fmt
from sonae.report.figures import Figures
from sonae.report.paper import Amount, Cell, Column, Table
from sonae.report.titles import Titles
from sonae.report.words import catalogue

Found = Mapping[str, Any]
SHORT = ("standing", "sure", "severity", "due", "digest", "day", "basis_sure", "in_time")
"""Columns whose words are short wherever they stand."""
DRAFTS = ("proposed", "enacted")
"""Standings of what is not in force."""


def t(key: str, **fill: object) -> Text:
    """Words of the catalogue, filled in."""
    found = catalogue()[key]
    return found.format(**fill) if fill else found


def known(key: str, otherwise: str) -> Text:
    """Words of a key that may be new to the catalogue."""
    return catalogue().get(key, same(otherwise))


def day(iso: str) -> Text:
    """A day in both languages; nothing for nothing."""
    return Text(fmt.day(iso, "ja"), fmt.day(iso, "en"))


def columns(*keys: str, numbers: str = "", narrow: str = "", **fill: object) -> tuple[Column, ...]:
    """Heads of the section `filing_column`; `numbers` and `narrow` name some of the keys."""
    right, tight = numbers.split(), [*narrow.split(), *SHORT]
    return tuple(Column(t(f"filing_column.{k}", **fill), k in right, k in tight) for k in keys)


def currency(code: str) -> Text:
    """The name of a currency."""
    return known(f"currency.{code}", code)


# -- amounts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Money:
    """How amounts of money stand on a page: whole units, or in Japanese by 万 and 億."""

    grouped: bool = False

    def __call__(self, value: Fraction) -> Amount:
        """On the page in whole units, ≈ where rounded; in the workbook with every digit."""
        shown = fmt.money(value)
        return Amount(Text(fmt.oku(value) if self.grouped else shown, shown), digits(value))


def digits(value: Fraction) -> str:
    """Every digit with separators; a fraction whose decimal does not end stays a fraction.

    >>> digits(Fraction(2001, 2)), digits(Fraction(1, 3))
    ('1,000.5', '1/3')
    """
    decimal = decimal_text(value)
    return number_text(value) if decimal is None else with_separators(decimal)


def quantity(value: Fraction) -> Amount:
    """A quantity of an asset, every digit of it on the page too where they are not too many."""
    whole = digits(value)
    return Amount(same(whole if len(whole) <= LONGEST else fixed(value, 8)), whole)


def share(value: Fraction) -> Amount:
    """A share in per cent on the page, exact in the workbook."""
    return Amount(Text(fmt.percent(value, "ja"), fmt.percent(value, "en")), number_text(value))


LONGEST = 26
"""Characters of a quantity that a column of a page has room for."""


def number(value: Any) -> Fraction | None:
    """A number of a document; None where it is a range or could not be computed."""
    return parse_number(value) if isinstance(value, str) else None


# -- a close, in both languages --------------------------------------------------------------------


class Two:
    """One `close.json` and its figures in both languages."""

    def __init__(self, document: Found) -> None:
        self.document = document
        self.ja, self.en = Figures(document, "ja"), Figures(document, "en")
        self.titles = Titles(self.ja), Titles(self.en)
        self.currency: str = document["venue"]["currency"]

    def number(self, id: str | None) -> Fraction | None:
        """The number of a figure, None where it is not one."""
        return None if id is None else self.en.number(id)

    def value(self, id: str, money: Money) -> Cell:
        """A figure as a cell: money of the reporting currency, a share, a quantity, or words."""
        found, unit = self.en.number(id), self.en.entries[id]["unit"]
        if found is None:
            return Text(self.ja.text(id), self.en.text(id))
        if unit == "ratio":
            return share(found)
        if self.en.foreign(id):
            shown, exact = money(found).shown, f"{digits(found)} {unit}"
            named = (self.ja.with_unit(shown.ja, id), self.en.with_unit(shown.en, id))
            return Amount(Text(*named), exact)
        return money(found) if unit == self.currency else quantity(found)

    def reason(self, id: str) -> Text:
        """Why a figure is not computable."""
        return Text(self.ja.reason(id), self.en.reason(id))

    def label(self, id: str) -> Text:
        """The figure's own name."""
        return Text(self.ja.label(id), self.en.label(id))

    def regime(self, id: str) -> Text:
        """The title of a regime or draft."""
        return Text(*(x.regime(id) for x in self.titles))

    def rule(self, id: str) -> Text:
        """The title of a rule."""
        return Text(*(x.rule(id) for x in self.titles))

    def subject(self, subject: str) -> Text:
        """What a finding is about."""
        return Text(*(x.subject(subject) for x in self.titles))

    def gap(self, id: str) -> bool:
        """True where a figure could not be computed."""
        return bool(self.en.entries[id]["kind"] == "not_computable")


def finding_name(name: str) -> Text:
    """What a kind of finding is called."""
    return known(f"finding.{name}", name)


def finding_due(finding: Found) -> Text:
    """Its clock: a day, words such as 直ちに, or nothing."""
    due = finding["due"]
    if isinstance(due, Mapping):
        return Text(due["ja"], due["en"])
    return day(due) if due else same("—")


def provision(finding: Found) -> Text:
    """The provision that a finding answers to."""
    cite = finding["provision"]
    if cite is None:
        return same("—")
    (a, b), (c, d) = ((cite[k]["ja"], cite[k]["en"]) for k in ("instrument", "provision"))
    return Text(f"{a}{c}", fmt.title(f"{b}, {d}", "en"))


# -- what may not be filed -------------------------------------------------------------------------


def assumed(documents: Iterable[Found]) -> list[str]:
    """Ids of the proposals that closes were made under."""
    return sorted({a["id"] for d in documents for a in d["edition"]["assumed"]})


def mark(proposed: bool, what_if: bool = False) -> Text | None:
    """What is written across every page of what is not to be filed."""
    if proposed:
        return t("filing.mark_what_if_proposed" if what_if else "filing.mark_proposed")
    return t("filing.mark_what_if") if what_if else None


# -- what the law says of the form -----------------------------------------------------------------


def read(figure: Figure) -> list[tuple[Citation, Text]]:
    """The provisions of a parameter, and how sure its value is on the day."""
    sure = t(f"confidence.{figure.confidence}" if figure.computable else "filing.not_attested")
    return [(c, sure) for c in figure.cites]


def form(cites: Sequence[tuple[Citation, Text]], *more: Text) -> tuple[Text | Table, ...]:
    """The law's own words as far as they were read, and what was not read, said."""
    rows = [(c.text(), c.says or t("filing.not_quoted"), sure) for c, sure in cites]
    return (*more, Table("law", t("filing.t_law"), columns("provision", "says", "sure"), rows))


def sources(two: Two) -> Table:
    """The files that a close was made from, by digest."""
    rows = [(name, digest) for name, digest in two.document["sources"]["files"].items()]
    heads = columns("file", "digest")
    return Table("sources", t("filing.t_sources"), heads, rows, t("filing.n_sources"))


def provenance(two: Two, digest: str) -> tuple[tuple[Text, Cell], ...]:
    """Facts that lead from a page back to the close: digests, law, assumptions."""
    document = two.document
    names = [Text(*(x.draft(i) for x in two.titles)) for i in assumed([document])]
    drafts = [n.format() for n in names]
    listed = Text("、".join(d.ja for d in drafts), "; ".join(d.en for d in drafts))
    seal = document["seal"]
    return (
        (t("filing.close_digest"), digest),
        (t("filing.edition"), f"{document['edition']['on']}  {document['edition']['digest']}"),
        (t("filing.assumed"), listed if drafts else t("filing.assumed_none")),
        (t("filing.seal"), seal["header_hash"] if seal else t("filing.no_seal")),
    )
