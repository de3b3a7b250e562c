"""What a careful reader would ask of the rulebook: uncited, unquoted, unchecked, unmodelled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sonae.core.text import Text
from sonae.rulebook.edition import topics

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
    for topic in topics().values():
        for parameter in topic.parameters.values():
            where = f"{topic.id}/{parameter.key}"
            for dated in parameter.values:
                at = f"{where} from {dated.start}"
                if not dated.cites.says:
                    yield Remark("unquoted", at, _UNQUOTED)
                if dated.cites.checked is None:
                    yield Remark("unchecked", at, _UNCHECKED)
                elif (on - dated.cites.checked).days > CHECK_EVERY_DAYS:
                    yield Remark("check-old", at, _CHECK_OLD.format(day=dated.cites.checked))
                if dated.confidence_on(dated.start) == "memory":
                    yield Remark("first-day-from-memory", at, _FIRST_DAY)
                if dated.attested:
                    yield Remark("first-day-unknown", at, _ATTESTED)
        for left_out in topic.unmodelled:
            where = f"{topic.id}: {left_out.provision.text().en}"
            yield Remark("unmodelled", where, left_out.reason)


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
