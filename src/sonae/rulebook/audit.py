"""What a careful reader would ask of the rulebook: uncited, unquoted, unchecked, unmodelled."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources

from sonae.core.text import Text
from sonae.rulebook.cases import shipped_cases
from sonae.rulebook.edition import Edition, topics
from sonae.rulebook.parameter import Parameter

CHECK_EVERY_DAYS = 365


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark: what kind, where, in words."""

    kind: str
    where: str
    message: Text

    def as_json(self) -> dict[str, object]:
        """The remark as plain values."""
        return {"kind": self.kind, "where": self.where, "message": self.message.as_json()}


def audit(on: date) -> list[Remark]:
    """Remarks on every shipped value as of `on`, in a fixed order."""
    return sorted(_remarks(on), key=lambda r: (r.kind, r.where))


def _remarks(on: date) -> Iterator[Remark]:
    yield from _values(on)
    yield from _articles()
    yield from _uncased()


def _values(on: date) -> Iterator[Remark]:
    for topic in topics().values():
        for parameter in topic.parameters.values():
            where = f"{topic.id}/{parameter.key}"
            for dated in parameter.values:
                at = f"{where} from {dated.start}"
                if not dated.cites.says:
                    noted = dated.note is not None or dated.confidence != "verified"
                    yield Remark("unquoted" if noted else "verified-without-words", at, _UNQUOTED)
                if dated.cites.checked is not None and not dated.cites.checked_by:
                    yield Remark("checked-by-nobody", at, _NOBODY)
                if dated.cites.checked is None:
                    yield Remark("unchecked", at, _UNCHECKED)
                elif (on - dated.cites.checked).days > CHECK_EVERY_DAYS:
                    yield Remark("check-old", at, _CHECK_OLD.format(day=dated.cites.checked))
                if dated.confidence_on(dated.start) == "memory":
                    yield Remark("first-day-from-memory", at, _FIRST_DAY)
                if dated.attested:
                    yield Remark("first-day-unknown", at, _ATTESTED)
            yield from _gaps(where, parameter, on)
        for left_out in topic.unmodelled:
            where = f"{topic.id}: {left_out.provision.text().en}"
            yield Remark("unmodelled", where, left_out.reason)


def _gaps(where: str, parameter: Parameter, on: date) -> Iterator[Remark]:
    """Days between the first value and `on` on which no value answers."""
    for dated, later in zip(parameter.values, [*parameter.values[1:], None], strict=True):
        day = (dated.until + timedelta(days=1)) if dated.until else None
        if day and day <= on and (later is None or later.start > day) and not parameter.on(day):
            yield Remark("uncovered-days", f"{where} from {day}", _GAP)


@cache
def _wanted() -> tuple[dict[str, str], ...]:
    text = resources.files("sonae.rulebook").joinpath("articles.toml").read_text("utf-8")
    return tuple(tomllib.loads(text, parse_float=Decimal)["article"])


def cited() -> set[str]:
    """Every provision that a rule, value, quotation or declaration of the rulebook answers to."""
    book = Edition(date.max)
    found = {book.provision(rule.id).text().en for rule in book.rules()}
    for topic in topics().values():
        found |= {c.text().en for c in topic.citations.values()}
        found |= {u.provision.text().en for u in topic.unmodelled}
        found |= {d.cites.text().en for p in topic.parameters.values() for d in p.values}
    return found


def _articles() -> Iterator[Remark]:
    provisions = cited()
    for article in _wanted():
        if not any(article["find"] in text for text in provisions):
            yield Remark("article-without-rule", article["name"], _NO_RULE)


def _uncased() -> Iterator[Remark]:
    cased = {case.rule for case in shipped_cases()}
    for rule in Edition(date.max).rules():
        if rule.id not in cased:
            yield Remark("rule-without-case", rule.id, _NO_CASE)


_NOBODY = Text(
    "照合日はあるが照合者の名がない", "a day of checking without the name of who checked"
)
_GAP = Text("値のない期間がある", "days without a value")
_NO_RULE = Text(
    "対応する規則も、表現しない旨の宣言もない", "neither a rule nor a declaration answers to it"
)
_NO_CASE = Text("同梱の事例がない", "no shipped case")
_UNQUOTED = Text("条文の引用がない", "no quoted words: the text is not at hand")
_UNCHECKED = Text(
    "条文と照合した人がまだいない", "nobody has compared this value with the text yet"
)
_CHECK_OLD = Text("最後の照合は{day}", "last compared with the text on {day}")
_FIRST_DAY = Text("施行日は記憶による", "the first day in force is from memory")
_ATTESTED = Text(
    "施行日が不明で、読んだ日以降のみ答える",
    "first day in force unknown: answers only from the day it was read",
)
