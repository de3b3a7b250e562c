"""The point of the product on one page: a loss against what each rule would have kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rich.table import Table

from sonae.core.canonical import parse_number
from sonae.core.text import Lang
from sonae.report.tree import value_text

LOSS = "loss_in_question_jpy"
OUTPUTS = ("required", "without_bracket", "closing_before_release")


@dataclass(frozen=True)
class Covered:
    """What one output of a rule would have required, and the part of the loss it covers.

    `low` and `high` bound the covered amount; both are None where it is not computable.
    """

    rule: str
    output: str
    figure: Mapping[str, Any]
    low: Fraction | None
    high: Fraction | None


def loss_of(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], Fraction] | None:
    """The figure of the loss in question and its amount, where there is one."""
    figures = {f["id"]: f for f in document["figures"]}
    figure = figures[document["facts"][LOSS]]
    return None if figure["kind"] != "number" else (figure, parse_number(figure["value"]))


def covered(document: Mapping[str, Any]) -> list[Covered]:
    """Each draft and the reserve of the precedents against the loss, in the document's order."""
    found = loss_of(document)
    if found is None:
        return []
    figures = {f["id"]: f for f in document["figures"]}
    lines = []
    for rule, outputs in document["requirements"].items():
        for output in OUTPUTS:
            if output in outputs:
                entry = figures[outputs[output]]
                low, high = _within(entry, found[1])
                lines.append(Covered(rule, output, entry, low, high))
    return lines


def _within(entry: Mapping[str, Any], loss: Fraction) -> tuple[Fraction | None, Fraction | None]:
    if entry["kind"] == "number":
        amount = min(parse_number(entry["value"]), loss)
        return amount, amount
    if entry["kind"] == "range":
        low, high = (parse_number(entry["value"][k]) for k in ("low", "high"))
        return min(low, loss), min(high, loss)
    return None, None


def share_text(amount: Fraction, loss: Fraction) -> str:
    """Share of the loss in per cent, two digits, ≈ where rounded half up."""
    share = amount * 10000 / loss
    hundredths = (share * 2 + 1) // 2
    mark = "" if share.denominator == 1 else "≈ "
    return f"{mark}{hundredths // 100}.{hundredths % 100:02d} %"


def loss_table(document: Mapping[str, Any], lang: Lang) -> Table | None:
    """The page as a terminal table."""
    found = loss_of(document)
    if found is None:
        return None
    figure, loss = found
    words = {
        "title": {"ja": "当該損失 {x} に対し", "en": "Against the loss in question, {x}"},
        "rule": {"ja": "規則（提案段階を含む）", "en": "rule or draft"},
        "required": {"ja": "所要額", "en": "would have required"},
        "covered": {"ja": "賄えた割合", "en": "of the loss covered"},
    }
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.title = words["title"][lang].format(x=value_text(figure, lang))
    table.add_column(words["rule"][lang])
    for key in ("required", "covered"):
        table.add_column(words[key][lang], justify="right")
    for item in covered(document):
        shares = sorted({share_text(x, loss) for x in (item.low, item.high) if x is not None})
        name = f"{item.rule}#{item.output}"
        table.add_row(name, value_text(item.figure, lang), " – ".join(shares) or "—")
    return table
