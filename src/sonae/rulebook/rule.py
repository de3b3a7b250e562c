"""A rule: a function from law and facts to named outputs.

    @rule("jp.crypto.hot_limit", cites="order 27(2)", needs={"coins": Each(Record(...))})
    def hot_limit(law, day):
        ...
        return {"limit_jpy": law.hot_share_limit * total, ...}

`law.<parameter>` and `day.<key>` are figures. A missing fact is a figure that cannot be computed
and names the rule, the provision and the field; it spreads through the arithmetic, so each output
answers for itself and nothing is defaulted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.core.calendar import Calendar
from sonae.core.canonical import number_text, parse_number
from sonae.core.citation import Citation
from sonae.core.errors import RulebookError, UsageError
from sonae.core.figure import STANDINGS, Figure, Range, Standing, derive, missing
from sonae.core.formula import total
from sonae.core.text import Text


@dataclass(frozen=True, slots=True)
class Each:
    """A table with any row names, each row of one shape."""

    row: Shape


@dataclass(frozen=True, slots=True)
class Series:
    """A list, oldest first, each item of one shape."""

    item: Shape


class Record:
    """A row with fixed field names; a field that is not given is missing, not zero."""

    def __init__(self, **fields: Shape) -> None:
        self.fields = fields


Shape = str | Each | Series | Record
Outputs = Mapping[str, Figure]
RuleFunction = Callable[[Any, Any], Outputs]


@dataclass(frozen=True, slots=True)
class Need:
    """A key a rule reads, its unit or shape, and whether an answer needs it."""

    key: str
    shape: Shape
    required: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of law: id, provision, needs, and the function that computes its outputs."""

    id: str
    title: Text
    cites: str
    needs: tuple[Need, ...]
    compute: RuleFunction
    module: str
    output_titles: Mapping[str, Text]
    standing: Standing | None = None


_REGISTRY: dict[str, Rule] = {}


def rule(
    id: str,
    *,
    title: Text,
    cites: str,
    needs: Mapping[str, Shape],
    optional: Sequence[str] = (),
    outputs: Mapping[str, Text] | None = None,
    standing: Standing | None = None,
) -> Callable[[RuleFunction], RuleFunction]:
    """Declare a rule; `outputs` names its outputs in both languages.

    `standing` is given for a rule that is not in force, and marks all its outputs.
    """

    def register(function: RuleFunction) -> RuleFunction:
        if id in _REGISTRY:
            raise RulebookError(f"rule {id} is declared twice")
        wants = tuple(Need(k, s, k not in optional) for k, s in needs.items())
        _REGISTRY[id] = Rule(
            id, title, cites, wants, function, function.__module__, outputs or {}, standing
        )
        return function

    return register


def registered() -> Mapping[str, Rule]:
    """Every rule declared so far, by id."""
    return _REGISTRY


# -- what a rule sees --------------------------------------------------------------------


class Law:
    """The law on one day as a rule sees it: `law.<parameter>`, `law.cite(...)`.

    `on` is the day the answer is about. Where a provision makes the day of a fact decide, such as
    the day a bank failed, the rule says so: `law.on_day(day.failed_on).deposit_limit`.
    """

    def __init__(
        self,
        on: date,
        parameter: Callable[[str, date], Figure],
        cite: Callable[[str], Citation],
        calendars: Mapping[str, Calendar],
        picked_by: Figure | None = None,
    ) -> None:
        self.on = on
        self.cite = cite
        self.calendars = calendars
        self._parameter = parameter
        self._picked_by = picked_by

    def on_day(self, day: Figure | date) -> Law:
        """The law on the day of a fact; a value read from it is made from that fact as well.

        Without the fact no value is picked: what is missing is the fact, not the law.
        """
        fact = day if isinstance(day, Figure) else Figure(day, "date")
        on = fact.value if isinstance(fact.value, date) else self.on
        return Law(on, self._parameter, self.cite, self.calendars, fact)

    def __getattr__(self, key: str) -> Figure:
        found = self._parameter(key, self.on)
        if self._picked_by is None:
            return found
        if not self._picked_by.computable:
            return derive("{0}", None, found.unit, (self._picked_by,))
        return derive("{0} on {1}", found.value, found.unit, (found, self._picked_by))


class Day:
    """The facts of one day as a rule sees them: `day.<key>`."""

    def __init__(self, rule_: Rule, provision: Citation, facts: Mapping[str, Figure]) -> None:
        self._rule, self._provision, self._facts = rule_, provision, facts

    def __getattr__(self, key: str) -> Figure:
        need = next((n for n in self._rule.needs if n.key == key), None)
        if need is None:
            raise RulebookError(f"{self._rule.id} reads {key!r}, which its needs do not name")
        if key in self._facts:
            return self._facts[key]
        return missing(key, self._reason(key), unit_of(need.shape))

    def given(self, key: str) -> bool:
        """True where an optional fact was given."""
        return key in self._facts

    def _reason(self, key: str) -> Text:
        where = self._provision.text()
        return Text(
            f"{self._rule.title.ja}（{where.ja}）に要る「{key}」がない",
            f"{key} is not given; {self._rule.id} ({where.en}) needs it",
        )


def unit_of(shape: Shape) -> str:
    """The unit of a scalar shape; "table" for the others."""
    return shape if isinstance(shape, str) else "table"


# -- facts given as JSON -----------------------------------------------------------------


def given_from(figure: Figure) -> Any:
    """A fact as plain values that `facts_from` reads back; None where it is not computable.

    What is missing within a table is left out of it.
    """
    value = figure.value
    if not figure.computable:
        return None
    if isinstance(value, Range):
        return {"low": number_text(value.low), "high": number_text(value.high)}
    if isinstance(value, Mapping):
        inner = {key: given_from(row) for key, row in value.items()}
        return {key: found for key, found in inner.items() if found is not None}
    if isinstance(value, tuple):
        return [given_from(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return number_text(value) if isinstance(value, Fraction) else value


def facts_from(given: Mapping[str, Any], rule_: Rule) -> tuple[dict[str, Figure], list[str]]:
    """Facts for a rule from plain values, and the names that the rule does not know.

    Numbers may be integers, exact decimals or text in decimal or exponent form; a range is a table
    of `low` and `high`.
    """
    if not isinstance(given, Mapping):
        raise RulebookError(f"facts are a table of keys and values, not {given!r}")
    shapes = {n.key: n.shape for n in rule_.needs}
    unknown = [key for key in given if key not in shapes]
    facts = {
        key: _figure(f"fact:{key}", value, shapes[key], unknown)
        for key, value in given.items()
        if key in shapes
    }
    return facts, unknown


def _figure(id: str, value: Any, shape: Shape, unknown: list[str]) -> Figure:
    if isinstance(shape, str):
        if isinstance(value, Mapping) and set(value) == {"low", "high"}:
            low, high = (parse_number(str(value[end])) for end in ("low", "high"))
            return Figure(Range(low, high), shape, id=id)
        return Figure(scalar(value, shape, id), shape, id=id)
    if isinstance(shape, Series):
        if not isinstance(value, list):
            raise RulebookError(f"{id}: a list is expected, not {value!r}")
        items = tuple(_figure(f"{id}[{i}]", v, shape.item, unknown) for i, v in enumerate(value))
        return Figure(items, "table", id=id, inputs=items)
    if not isinstance(value, Mapping):
        raise RulebookError(f"{id}: a table is expected, not {value!r}")
    rows = {}
    for key, item in value.items():
        inner = shape.row if isinstance(shape, Each) else shape.fields.get(key)
        if inner is None:
            unknown.append(f"{id}.{key}")
            continue
        rows[key] = _figure(f"{id}.{key}", item, inner, unknown)
    return Figure(rows, "table", id=id, inputs=tuple(rows.values()))


def scalar(value: Any, unit: str, id: str) -> Fraction | bool | str | date:
    """A plain value in its unit; a RulebookError says what was expected."""
    try:
        if unit == "truth":
            if not isinstance(value, bool):
                raise ValueError("true or false is expected")
            return value
        if unit == "date":
            return date.fromisoformat(value)
        if unit == "code":
            return str(value)
        if isinstance(value, bool | float):
            raise ValueError("an exact number is expected")
        return parse_number(str(value))
    except (ValueError, TypeError) as error:
        raise RulebookError(f"{id}: {value!r} is not usable as {unit}: {error}") from error


def field_of(row: Figure, key: str, unit: str, owner: str) -> Figure:
    """A field of a record, or a figure that says it is missing, and in which row."""
    if key in row.rows():
        return row.rows()[key]
    name = row.id.removeprefix("fact:") or owner
    reason = Text(f"{name}の「{key}」がない", f"{key} of {name} is not given")
    return missing(f"{name}.{key}", reason, unit)


def row_of(table: Figure, key: str, unit: str) -> Figure:
    """A row of a table of law; where the table is not known, neither is the row."""
    return table.rows()[key] if table.computable else derive("{0}", None, unit, (table,))


def given_at_rates(day: Day, rates: Mapping[str, Figure], unit: str) -> Figure:
    """The sum of those facts that are given, each at its rate; the first one is missing if none is.

    A fact that is not given is no claim, which differs from a claim whose amount is not known.
    """
    keys = [key for key in rates if day.given(key)] or [next(iter(rates))]
    return total([getattr(day, key) * rates[key] for key in keys], unit)


def known_code(figure: Figure, known: Iterable[str]) -> str | None:
    """The code where it is a known one, None where it is missing; a UsageError lists the known."""
    if not figure.computable:
        return None
    codes = list(known)
    if figure.value not in codes:
        raise UsageError(f"{figure.name()} {figure.value!r} is none of {', '.join(codes)}")
    return str(figure.value)


def titled(outputs: Outputs, rule_: Rule, provision: Citation) -> dict[str, Figure]:
    """Outputs under their ids, with titles, the provision they answer to and the rule's standing.

    Where one output was made from another, it is made from the named one.
    """
    first: dict[int, str] = {}
    for key, figure in outputs.items():
        first.setdefault(id(figure), key)
    done: dict[int, Figure] = {}

    def name(figure: Figure, key: str) -> Figure:
        cites = () if provision in figure.cites and not figure.id else (provision,)
        named = figure.named(f"{rule_.id}#{key}", rule_.output_titles.get(key), cites)
        weaker = max(rule_.standing or named.standing, named.standing, key=STANDINGS.index)
        return replace(named, standing=weaker)

    def rebuilt(figure: Figure) -> Figure:
        if id(figure) not in done:
            inputs = tuple(rebuilt(child) for child in figure.inputs)
            fresh = figure
            if any(a is not b for a, b in zip(inputs, figure.inputs, strict=True)):
                fresh = replace(figure, inputs=inputs)
            key = first.get(id(figure))
            done[id(figure)] = name(fresh, key) if key else fresh
        return done[id(figure)]

    return {
        key: rebuilt(figure) if first[id(figure)] == key else name(rebuilt(figure), key)
        for key, figure in outputs.items()
    }
