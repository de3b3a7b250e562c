"""Insurance of an incident for people: a terminal view, and the notice to an insurer as a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.canonical import parse_number
from sonae.core.display import exact, fixed
from sonae.core.errors import Refused
from sonae.core.text import Lang
from sonae.report import format as fmt
from sonae.report.notice import url_like
from sonae.report.words import Words

Found = Mapping[str, Any]


def insurance_view(found: Found, lang: Lang) -> RenderableType:
    """Each policy, why it pays no more, what is due to its insurer, and when cash is expected."""
    words = Words(lang)
    parts: list[RenderableType] = []
    if not found["certain"]:
        low, high = (_money(found["pays"][k]) for k in ("low", "high"))
        parts.append(Styled(words("insurance.range", low=low, high=high), style="yellow"))
        by = _table(words, "peril", "pays", right=("pays",))
        for peril, answer in found["by_peril"].items():
            by.add_row(words(f"peril.{peril}"), _money(answer["pays"]))
        parts.append(by)
    parts.append(_policies(found, words))
    reasons = _table(words, "policy", "why_not", "amount", right=("amount",))
    for tower in found["towers"]:
        for line in tower["outside"]:
            reasons.add_row(tower["tower"], line["reason"][lang], _money(line["amount"]))
        for layer in tower["layers"]:
            for line in layer["unpaid"]:
                reasons.add_row(layer["policy_id"], line["reason"][lang], _money(line["amount"]))
    return Group(*parts, reasons, _clocks(found, words), _cash(found, words))


def _policies(found: Found, words: Words) -> Table:
    amounts = ("relied_on", "disputed", "counts", "received")
    table = _table(words, "policy", "pays", *amounts, "state", right=("pays", *amounts))
    for p in found["policies"]:
        low, high = _money(p["pays"]["low"]), _money(p["pays"]["high"])
        pays = low if low == high else fmt.ends(low, high)
        state = words(f"insurer_state.{p['state'] or 'none'}")
        table.add_row(p["policy_id"], pays, *(_money(p[k]) for k in amounts), state)
    return table


def _clocks(found: Found, words: Words) -> Table:
    table = _table(words, "policy", "clock", "due", "state")
    for p in found["policies"]:
        for c in p["clocks"]:
            style = "red" if c["state"] == "AT_RISK" else ""
            state = Styled(words(f"insurer_clock.{c['state']}"), style=style)
            due = c["due"] or words("insurance.unknown_day")
            table.add_row(p["policy_id"], words(f"insurer_clock.{c['what']}"), due, state)
    return table


def _cash(found: Found, words: Words) -> Table:
    table = _table(words, "policy", "cash", "amount", "on", right=("amount",))
    for p in found["policies"]:
        for c in p["cash"]:
            on = c["on"] or words("insurance.unknown_day")
            table.add_row(p["policy_id"], words(f"insurance.{c['kind']}"), _money(c["amount"]), on)
    return table


def _table(words: Words, *keys: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in keys:
        justify = "right" if key in right else "left"
        table.add_column(words(f"insurance.{key}"), justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table


def _money(text: str) -> str:
    number = parse_number(text)
    return exact(number) if number.denominator == 1 else f"≈ {fixed(number, 0)}"


# -- the notice ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LossNotice:
    """What a notice of loss says; `due` is the last day for it, `late` that it has passed."""

    firm: str
    insurer: str
    policy_id: str
    incident: str
    cause: str
    occurred_at: datetime
    learned_at: datetime
    lost: Mapping[str, Fraction]
    value: Fraction
    currency: str
    on: date
    due: date | None
    late: bool


def loss_notice(found: LossNotice, lang: Lang) -> str:
    """The notice of an incident to one insurer, drafted for a person to sign and send.

    Its first line, to be removed, says by when.

    Raises:
        Refused: put together, it looks as if it had a link in it.
    """
    words = Words(lang)
    due = words("insurer_notice.no_due") if found.due is None else _day(found.due, lang)
    due += words("insurer_notice.late") if found.late else ""
    rows = {
        "policy": found.policy_id,
        "incident": found.incident,
        "dated": _day(found.on, lang),
        "cause": words(f"cause.{found.cause}"),
        "occurred": _instant(found.occurred_at, words),
        "learned": _instant(found.learned_at, words),
        "lost": ", ".join(f"{exact(n)} {asset}" for asset, n in sorted(found.lost.items())),
        "value": f"{_money(str(found.value))} {found.currency}",
    }
    lines = [
        words("notice.row", label=words(f"insurer_notice.{key}"), value=value)
        for key, value in rows.items()
    ]
    parts = [
        words("insurer_notice.draft", due=due),
        words("insurer_notice.title"),
        words("insurer_notice.to", insurer=found.insurer),
        words("insurer_notice.body"),
        "\n".join(lines),
        words("insurer_notice.keep"),
        words("insurer_notice.rights"),
        words("notice.row", label=words("insurer_notice.from"), value=found.firm),
    ]
    text = "\n\n".join(parts) + "\n"
    if url_like(text):
        raise Refused(f"{found.policy_id}: this notice looks as if it had a link in it")
    return text


def _day(on: date, lang: Lang) -> str:
    return fmt.day(on.isoformat(), lang)


def _instant(at: datetime, words: Words) -> str:
    day = _day(at.date(), words.lang)
    return words("notice.elsewhere", day=day, time=f"{at:%H:%M}", offset=f"{at:%z}")
