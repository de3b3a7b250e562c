"""The sufficiency statement: reserve and insurance against requirement, from one file alone.

It carries what its rules were given, the drafts as they were written, and the digest of the law, so
that anyone with the same edition computes every number again (`recompute`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.close.cover import RegimeCover
from sonae.close.day import Close
from sonae.close.reserve import ASSETS, GOING, INSOLVENT, RULE
from sonae.core.canonical import number_text, parse_number
from sonae.core.figure import Figure, text_of
from sonae.core.register import plain
from sonae.core.text import Text, same
from sonae.rulebook.draft import read_draft
from sonae.rulebook.edition import Edition
from sonae.rulebook.rule import facts_from, given_from

FORMAT = "sonae-sufficiency/1"
STATES = (GOING, INSOLVENT)
_NEED = ("required", "closing_before_release")
NAMES = {GOING: Text("継続時", "going concern"), INSOLVENT: Text("破綻時", "on insolvency")}
OTHER_LAW = Text(
    "手元の法令と案の版が、表明の版と異なる",
    "the law and drafts of this program are not the edition of the statement",
)
OTHER = Text(
    "{what}：表明では{said}、再計算では{found}",
    "{what}: the statement says {said}, it comes to {found}",
)
OTHER_RESERVE = Text(
    "{rule}：準備金（{state}）が表明の準備金と異なる",
    "{rule}: the reserve ({state}) is not that of the statement",
)
TOO_MUCH = Text(
    "{rule}：算入できる額を超える保険が入っている（{state}）",
    "{rule}: more insurance ({state}) than may count",
)
NOT_SURPLUS = Text(
    "{rule}：過不足が、充当から所要額を引いた額と異なる",
    "{rule}: the surplus is not cover less requirement",
)
COVER = Text("{rule}の充当（{state}）", "{rule}: cover, {state}")
NOT_SUM = Text("{what}：合計が内訳の和と異なる", "{what}: the total is not the sum of its parts")
NOT_SHORT = Text(
    "{what}：不足額が、所要額に足りない額と異なる",
    "{what}: the shortfall is not what the requirement lacks",
)
Said = Mapping[str, Any]


def statement(day: Close, header_hash: str) -> dict[str, Any]:
    """The statement of a close, bound to the header of its seal."""
    venue, edition = day.books.venue, day.edition
    return {
        "format": FORMAT,
        "entity": venue.entity,
        "on": venue.on.isoformat(),
        "what_if_on": day.what_if_on.isoformat() if day.what_if_on else None,
        "header_hash": header_hash,
        "edition": edition.describe(),
        "drafts": {d.id: d.text for d in edition.drafts},
        "custody": [
            {
                "line": line.key,
                "required": plain(line.required.value),
                GOING: plain(line.going.value),
                INSOLVENT: plain(line.insolvent.value),
                "shortfall": plain(line.shortfall.value),
            }
            for line in day.cover.stack
        ],
        "reserve": _reserve(day),
        "requirements": [
            _requirement(day, rule, cover)
            for rule, cover in day.cover.by_regime.items()
            if "reserve" in cover.going_concern
        ],
        "not_computable": _not_computable(day),
    }


def _reserve(day: Close) -> dict[str, Any]:
    """The reserve in both states, and the assets from which its rule counts it."""
    figures = day.cover.reserve
    assets = figures.get(ASSETS)
    return {
        "rule": RULE,
        "given": {} if assets is None else {ASSETS: given_from(assets)},
        **{state: plain(figures[state].value) for state in STATES},
    }


def _requirement(day: Close, regime: str, cover: RegimeCover) -> dict[str, Any]:
    """One requirement: the facts its rule needs, the amount, and what stands behind it."""
    id = day.required.by_regime[regime][0]
    rule, outputs = day.edition.rule(id), day.required.outputs[id]
    facts = {n.key: day.required.facts[n.key] for n in rule.needs if n.key in day.required.facts}
    most = outputs.get("insurance_at_most")
    return {
        "rule": id,
        "given": {k: g for k, f in facts.items() if (g := given_from(f)) is not None},
        "required": plain(cover.required.value),
        "reasons": {
            key: text_of(figure).as_json()
            for key, figure in {"required": cover.required, **cover.going_concern}.items()
            if not figure.computable
        },
        "standing": cover.required.standing,
        "confidence": cover.required.confidence,
        "insurance_at_most": None if most is None else plain(most.value),
        GOING: {k: plain(f.value) for k, f in cover.going_concern.items()},
        INSOLVENT: {k: plain(f.value) for k, f in cover.on_insolvency.items()},
        "surplus": plain(cover.surplus.value),
    }


def _not_computable(day: Close) -> list[dict[str, Any]]:
    """Requirements of the law that have no amount on this day, with the reason."""
    found = []
    for id, outputs in day.required.outputs.items():
        for key, figure in outputs.items():
            if key in _NEED and not figure.computable and id.endswith("liability_reserve"):
                found.append({"rule": id, "reason": text_of(figure).as_json()})
    return found


# -- computing it again --------------------------------------------------------------------------


def recompute(said: Said) -> list[Text]:
    """Compute a statement again from itself; what differs, in words. Empty where all holds.

    Raises:
        RulebookError: a draft or a fact in it cannot be read.
        KeyError, TypeError, ValueError: it is not of this format.
    """
    edition = _edition(said)
    differ = list[Text]()
    if edition.digest() != said["edition"]["digest"]:
        differ.append(OTHER_LAW)
    for line in said["custody"]:
        differ += _arithmetic(same(line["line"]), line["required"], line[GOING], line["shortfall"])
    reserve = said["reserve"]
    if reserve["given"]:
        outputs = _evaluate(edition, RULE, reserve["given"])
        for state in STATES:
            differ += _same(
                Text("準備金（{state}）", "reserve, {state}").format(state=NAMES[state]),
                outputs[f"{state}_jpy"],
                reserve[state],
            )
    for one in said["requirements"]:
        differ += _requirement_again(edition, one, reserve)
    return differ


def titles(said: Said) -> dict[str, Text]:
    """What the rules that a statement names are called, by its own drafts and this rulebook.

    Raises:
        RulebookError: a draft in it cannot be read.
        KeyError, TypeError, ValueError: it is not of this format.
    """
    known = {rule.id: rule.title for rule in _edition(said).rules()}
    named = [one["rule"] for key in ("requirements", "not_computable") for one in said[key]]
    return {id: known[id] for id in named if id in known}


def _edition(said: Said) -> Edition:
    drafts = tuple(read_draft(text, id) for id, text in said["drafts"].items())
    return Edition(date.fromisoformat(said["what_if_on"] or said["on"]), drafts)


def _requirement_again(edition: Edition, one: Said, reserve: Said) -> list[Text]:
    name, differ = one["rule"], list[Text]()
    outputs = _evaluate(edition, name, one["given"])
    need = next(outputs[k] for k in _NEED if k in outputs)
    differ += _same(Text(f"{name}の所要額", f"{name}: required"), need, one["required"])
    if one["insurance_at_most"] is not None:
        most = outputs["insurance_at_most"]
        differ += _same(
            Text(f"{name}の保険の上限", f"{name}: insurance at most"),
            most,
            one["insurance_at_most"],
        )
    for state in STATES:
        part = one[state]
        if part["reserve"] != reserve[state]:
            differ.append(OTHER_RESERVE.format(rule=name, state=NAMES[state]))
        differ += _sum(COVER.format(rule=name, state=NAMES[state]), part)
        over = _less(part.get("insurance"), one["insurance_at_most"])
        if over is not None and over != "0" and not over.startswith("-"):
            differ.append(TOO_MUCH.format(rule=name, state=NAMES[state]))
    gap = _less(one[GOING]["total"], one["required"])
    if _other(one["surplus"], gap):
        differ.append(NOT_SURPLUS.format(rule=name))
    return differ


def _evaluate(edition: Edition, id: str, given: Said) -> Mapping[str, Figure]:
    facts, _ = facts_from(given, edition.rule(id))
    return edition.evaluate(id, facts)


def _same(what: Text, figure: Figure, said: Any) -> list[Text]:
    found = plain(figure.value)
    return [] if found == said else [OTHER.format(what=what, said=said, found=found)]


def _sum(what: Text, part: Said) -> list[Text]:
    parts = [_number(v) for k, v in part.items() if k != "total"]
    known = None if None in parts else number_text(sum((p for p in parts if p), Fraction(0)))
    return [NOT_SUM.format(what=what)] if _other(part["total"], known) else []


def _arithmetic(what: Text, need: Any, held: Any, short: Any) -> list[Text]:
    gap = _less(need, held)
    short_ = "0" if gap is not None and gap.startswith("-") else gap
    return [NOT_SHORT.format(what=what)] if _other(short, short_) else []


def _other(said: Any, found: str | None) -> bool:
    """Whether a number is not the one found; where none can be found, none may be stated."""
    return isinstance(said, str) if found is None else said != found


def _less(left: Any, right: Any) -> str | None:
    """The difference of two exact numbers as text; None where one has no single value."""
    a, b = _number(left), _number(right)
    return None if a is None or b is None else number_text(a - b)


def _number(value: Any) -> Fraction | None:
    return parse_number(value) if isinstance(value, str) else None
