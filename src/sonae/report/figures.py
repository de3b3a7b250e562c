"""The figures of a document as cells of a page: text, link to the entry, marks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.display import ABOUT, exact
from sonae.core.text import Lang
from sonae.report import format as fmt
from sonae.report.words import Words

Entry = Mapping[str, Any]
GROUPS = ("cover", "stack", "rules", "law", "assets", "exposure", "other", "facts")
HEADS = {"reconcile": "assets", "value": "assets", "fact": "facts"}
CURRENCY = re.compile("[A-Z]{3}")
STEP = re.compile(r"(~\d+)+$")
"""What an unnamed step of a formula adds to the id of the figure that it is a step of."""
ASSET = re.compile(r"(?:^|, )(?:asset|currency) = ([^,]+)")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a figure shows as in a table; `note` numbers the reason where it has no value."""

    text: str
    number: int
    confidence: str
    standing: str
    words: bool = False
    note: int | None = None


class Reasons:
    """Why values of one table are not computable, each said once and numbered from 1."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}

    def note(self, reason: str) -> int:
        """The number of a reason."""
        return self.texts.setdefault(reason, len(self.texts) + 1)

    def __iter__(self) -> Any:
        return iter(self.texts)

    def __bool__(self) -> bool:
        return bool(self.texts)


class Figures:
    """Looks figures up by id; entries are numbered as they stand on the page."""

    def __init__(self, document: Mapping[str, Any], lang: Lang, grouped: bool = False) -> None:
        self.document, self.lang, self.words = document, lang, Words(lang)
        self.grouped = grouped and lang == "ja"
        """Money by 万 and 億, as Japanese readers may ask for."""
        self.currency: str = document["venue"]["currency"]
        self.entries: dict[str, Entry] = {f["id"]: f for f in document["figures"]}
        self.assets = asset_by_figure(document)
        self.scales: dict[str, int] = {
            line["asset"]: line["scale"] for line in document["reconciliation"]
        }
        self.groups: dict[str, list[str]] = {name: [] for name in GROUPS}
        for id in self.entries:
            self.groups[self._group(id)].append(id)
        ids = [id for group in self.groups.values() for id in group]
        self.numbers = {id: n for n, id in enumerate(ids, 1)}

    def _group(self, id: str) -> str:
        head = re.split("[#/:]", id)[0]
        if head in self.document["requirements"]:
            return "rules"
        name = HEADS.get(head, head)
        return name if name in GROUPS else "other"

    # -- values --------------------------------------------------------------------------------

    def bounds(self, id: str) -> tuple[Fraction, Fraction] | None:
        """Both ends of a number or range; None where there is none."""
        entry = self.entries[id]
        if entry["kind"] == "number":
            number = parse_number(entry["value"])
            return number, number
        if entry["kind"] == "range":
            return parse_number(entry["value"]["low"]), parse_number(entry["value"]["high"])
        return None

    def number(self, id: str) -> Fraction | None:
        """The number, or None where the figure is no single number."""
        found = self.bounds(id)
        return found[0] if found and found[0] == found[1] else None

    def label(self, id: str) -> str:
        """The figure's own label; else whose step it is, with its asset, or what it is called."""
        entry = self.entries[id]
        if entry["label"]:
            return fmt.title(entry["label"][self.lang], self.lang)
        whole = STEP.sub("", id)
        if whole != id and whole in self.entries:
            of = {self.assets[i] for i in (id, *entry["from"]) if i in self.assets}
            key = "tree.step_of_asset" if len(of) == 1 else "tree.step"
            return self.words(key, whole=self.label(whole), asset="".join(of))
        head, *_, name = re.split("[#/:]", id)
        if head == "exposure":  # a name that the firm gave
            return name
        return fmt.title(self.words.known(f"figure.{name}", name), self.lang)

    def cites(self, id: str) -> Sequence[str]:
        """The provisions that a figure answers to: its own, else those of the line it stands in."""
        own: Sequence[str] = self.entries[id]["cites"]
        return own or self._lines.get(id, ())

    @cached_property
    def _lines(self) -> dict[str, Sequence[str]]:
        sides = ("required", "going_concern", "on_insolvency", "shortfall")
        return {line[s]: line["cites"] for line in self.document["stack"] for s in sides}

    def reason(self, id: str) -> str:
        """Why a figure is not computable."""
        return fmt.sentence(self.entries[id]["reason"][self.lang], self.lang)

    # -- cells ---------------------------------------------------------------------------------

    def cell(self, id: str, reasons: Reasons | None = None, unit: bool = False) -> Cell:
        """The figure for a table; with `unit` its unit stands beside the number."""
        entry = self.entries[id]
        text = self.text(id)
        gap = entry["kind"] == "not_computable"
        if (unit or self.foreign(id)) and entry["kind"] in ("number", "range"):
            text = self.with_unit(text, id)
        note = reasons.note(self.reason(id)) if gap and reasons is not None else None
        words = entry["kind"] not in ("number", "range")
        return Cell(text, self.numbers[id], entry["confidence"], entry["standing"], words, note)

    def foreign(self, id: str) -> bool:
        """True for an amount in another currency than the venue's: it never stands without it."""
        unit = self.entries[id]["unit"]
        return unit != self.currency and bool(CURRENCY.fullmatch(unit))

    def text(self, id: str, full: bool = False) -> str:
        """The value without a unit; `full` gives every digit."""
        entry = self.entries[id]
        kind, value = entry["kind"], entry["value"]
        if kind == "number":
            return self._amount(parse_number(value), id, full)
        if kind == "range":
            low, high = (self._amount(parse_number(value[k]), id, full) for k in ("low", "high"))
            return fmt.ends(low, high)
        if kind == "truth":
            return self.words("value.true" if value else "value.false")
        if kind == "code":
            return self.words("value.none") if value is None else self._code(value)
        if kind == "date":
            return fmt.day(value, self.lang)
        if kind == "table":
            return self.words("value.rows", n=len(value))
        return self.words("value.not_computable")

    def _code(self, value: str) -> str:
        return self.words.known(f"value.{value}", fmt.day(value, self.lang))

    def _amount(self, number: Fraction, id: str, full: bool) -> str:
        unit = self.entries[id]["unit"]
        if unit == "ratio":
            return fmt.percent(number, self.lang)
        if not full and (unit == self.currency or self.foreign(id)):
            return fmt.oku(number) if self.grouped and unit == self.currency else fmt.money(number)
        if full or unit != "coin":
            return exact(number)
        scale = self.scales.get(self.assets.get(id, ""))
        return exact(number) if scale is None else fmt.coins(number, scale)

    def with_unit(self, text: str, id: str) -> str:
        """A number with its unit as each language writes it; ≈ stays in front."""
        about = ABOUT if text.startswith(ABOUT) else ""
        return about + self._with_unit(text.removeprefix(about), id)

    def _with_unit(self, text: str, id: str) -> str:
        unit, asset = self.entries[id]["unit"], self.assets.get(id)
        if unit == "coin":
            return f"{text} {asset}" if asset else self.words("value.units", n=text)
        if unit == "days":
            return self.words("value.days", n=text)
        if unit.endswith("/coin"):
            one = asset or self.words("value.one_unit")
            currency = self.words.known(f"currency.{unit[:-5]}", unit[:-5])
            return self.words("value.per", n=text, currency=currency, asset=one)
        return self.money_text(text, unit) if re.fullmatch("[A-Z]{3,5}", unit) else text

    def money_text(self, text: str, currency: str) -> str:
        """An amount with its currency."""
        name = self.words.known(f"currency.{currency}", currency)
        if self.lang == "en":
            about = ABOUT if text.startswith(ABOUT) else ""
            return f"{about}{name} {text.removeprefix(about)}"
        return f"{text}{name}" if name != currency else f"{text} {name}"


def asset_by_figure(document: Mapping[str, Any]) -> dict[str, str]:
    """The asset of every price, and of every figure counted in coins: up and down from known ones.

    The reconciliation and the chosen prices name theirs, facts name it in their filters.
    """
    known: dict[str, str] = {
        id: line["asset"] for line in document["reconciliation"] for id in line["figures"].values()
    }
    for given in document["prices"].values():
        known.update({id: asset for asset, id in given["chosen"].items()})
    for entry in document["figures"]:
        found = ASSET.search(entry["source"]["filter"]) if "source" in entry else None
        if found and "coin" in entry["unit"]:
            known.setdefault(entry["id"], found[1])
    counted = [f for f in document["figures"] if f["unit"] == "coin"]
    ids = {f["id"] for f in counted}
    for entry in counted:
        below = {known[i] for i in entry["from"] if i in known and i in ids}
        if len(below) == 1:
            known.setdefault(entry["id"], below.pop())
    for entry in reversed(counted):
        if entry["id"] in known:
            for id in ids.intersection(entry["from"]):
                known.setdefault(id, known[entry["id"]])
    return known
