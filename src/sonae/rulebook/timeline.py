"""What changes when: every dated value in order, and two editions side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from sonae.core.citation import Citation
from sonae.core.figure import Confidence, Figure
from sonae.core.text import Text
from sonae.rulebook.edition import Edition, topics
from sonae.rulebook.parameter import Dated, Parameter


@dataclass(frozen=True, slots=True)
class Step:
    """A value that begins (or is first attested) on a day."""

    on: date
    attested: bool
    parameter: str
    title: Text
    value: str
    unit: str
    status: str
    confidence: Confidence
    cites: Citation

    def as_json(self) -> dict[str, Any]:
        """The step as plain values."""
        return {
            "on": self.on.isoformat(),
            "attested": self.attested,
            "parameter": self.parameter,
            "title": self.title.as_json(),
            "value": self.value,
            "unit": self.unit,
            "status": self.status,
            "confidence": self.confidence,
            "provision": self.cites.text().as_json(),
        }


def timeline(globs: Sequence[str] = ("*",)) -> list[Step]:
    """Every dated value of the topics that match, in order of its first day."""
    steps = [
        _step(f"{topic.id}/{parameter.key}", parameter, dated)
        for topic in topics().values()
        if any(fnmatchcase(topic.id, g) for g in globs)
        for parameter in topic.parameters.values()
        for dated in parameter.values
    ]
    return sorted(steps, key=lambda s: (s.on, s.parameter, s.status))


def _step(name: str, parameter: Parameter, dated: Dated) -> Step:
    return Step(
        dated.start,
        dated.attested,
        name,
        parameter.title,
        stated(dated.value),
        parameter.unit,
        dated.status,
        dated.confidence_on(dated.start),
        dated.cites,
    )


def stated(value: Any) -> str:
    """A value as the law states it, in one line."""
    if isinstance(value, dict):
        return ", ".join(f"{k} {stated(v)}" for k, v in value.items())
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not the same in two editions; "" where one does not have it."""

    what: str
    title: Text
    before: str
    after: str
    provision: Text

    def as_json(self) -> dict[str, Any]:
        """The difference as plain values."""
        return {
            "what": self.what,
            "title": self.title.as_json(),
            "before": self.before,
            "after": self.after,
            "provision": self.provision.as_json(),
        }


def differences(before: Edition, after: Edition) -> list[Difference]:
    """Parameters whose value differs, and rules that only one edition has."""
    return [*_parameters(before, after), *_rules(before, after)]


def _parameters(before: Edition, after: Edition) -> Iterator[Difference]:
    for topic in topics().values():
        for key, parameter in topic.parameters.items():
            old, new = before.parameter(topic, key), after.parameter(topic, key)
            if _shown(old) != _shown(new) or old.standing != new.standing:
                provision = (new.cites or old.cites)[0].text() if new.cites or old.cites else _NONE
                name = f"{topic.id}/{key}"
                yield Difference(name, parameter.title, _shown(old), _shown(new), provision)


_NONE = Text("", "")


def _shown(figure: Figure) -> str:
    from sonae.rulebook.cases import show

    return show(figure) if figure.computable else ""


def _rules(before: Edition, after: Edition) -> Iterator[Difference]:
    old, new = ({r.id: r for r in e.rules()} for e in (before, after))
    for id in sorted(set(old) ^ set(new)):
        edition, rule = (before, old[id]) if id in old else (after, new[id])
        sides = ("+", "") if id in old else ("", "+")
        yield Difference(id, rule.title, *sides, edition.provision(id).text())
