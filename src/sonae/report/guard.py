"""The guard for people: state, breaks, the ladder, the story of its demo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.canonical import parse_number
from sonae.core.display import exact
from sonae.core.text import Lang
from sonae.report.words import Words

Found = Mapping[str, Any]


def _table(words: Words, *keys: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in keys:
        justify = "right" if key in right else "left"
        table.add_column(words(f"guard.{key}"), justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table


def _layers(pair: Sequence[str], words: Words) -> str:
    return " - ".join(words(f"guard_layer.{layer}") for layer in pair)


def answer_view(found: Found, lang: Lang) -> RenderableType:
    """What was answered to a batch, with every reason."""
    words = Words(lang)
    lines: list[RenderableType] = [
        Styled(f"{found['batch']}: {words('guard_answer.' + found['answer'])}", style="bold")
    ]
    lines += [Styled(f"  {r['words'][lang]} ({r['code']})") for r in found.get("reasons", ())]
    return Group(*lines)


def state_view(found: Found, ladder: Found, lang: Lang) -> RenderableType:
    """Every asset as of the last minute, what waits, what can be spent."""
    words = Words(lang)
    table = _table(words, "asset", "layers", "state", "difference", "pending", "withdrawals",
                   right=("difference", "pending"))  # fmt: skip
    for one in found["assets"]:
        left, right = one["left"], one["right"]
        table.add_row(
            one["asset"],
            _layers((left["layer"], right["layer"]), words),
            words(f"guard_state.{one['state']}"),
            one["difference"] or "",
            right["pending"],
            words(f"guard_withdrawals.{one['withdrawals']}"),
        )
    rungs = _table(words, "asset", "held", "1h", "24h", "7d", "30d",
                   right=("held", "1h", "24h", "7d", "30d"))  # fmt: skip
    for asset, line in ladder["assets"].items():
        keys = ("held", "1h", "24h", "7d", "30d")
        rungs.add_row(asset, *(exact(parse_number(line[k])) for k in keys))
    share = found["hot_share"]
    shown = "-" if share is None else f"{exact(parse_number(share) * 100)}%"
    said = words("guard.summary", at=found["at"], share=shown, open=len(found["open_breaks"]),
                 held=len(found["held"]), faults=len(found["faults"]))  # fmt: skip
    return Group(Styled(said, style="bold"), table, rungs)


def breaks_view(
    breaks: Sequence[Found], queue: Sequence[Found], plugs: int, lang: Lang
) -> RenderableType:
    """Open breaks, and what has to be told upwards with its clock."""
    words = Words(lang)
    table = _table(words, "id", "asset", "layers", "difference", "class", "owner", "opened",
                   right=("difference",))  # fmt: skip
    for one in breaks:
        table.add_row(one["id"], one["asset"], _layers(one["layers"], words), one["units"],
                      words(f"guard_class.{one['class']}"), one["owner"] or "-",
                      one["opened"][:16])  # fmt: skip
    told = _table(words, "since", "due", "notice")
    for one in queue:
        clock = one["clock"]
        due = clock["due"] or (clock["reason"] or {}).get(lang, "")
        told.add_row(one["since"], due, one["words"][lang])
    return Group(Styled(words("guard.plugs", count=plugs)), table, told)


def story_view(found: Found, lang: Lang) -> RenderableType:
    """The demo: refused with the guard; without it, found at the next comparison."""
    words = Words(lang)
    refused, late = found["refused"], found["found"]
    alarm = refused["alarm"]
    lines: list[RenderableType] = [
        Styled(words("guard.story_refused", ms=refused["microseconds"] // 1_000,
                     changed=refused["balances_changed"]), style="bold"),
        Styled(words("guard.story_alarm", unit=alarm["stated_unit"], asset=alarm["asset"],
                     batch=alarm["batch"], maker=alarm["maker"])),
        *(Styled(f"  {r['words'][lang]} ({r['code']})") for r in refused["reasons"]),
        Styled(words("guard.story_found", ms=late["milliseconds"], every=late["every_seconds"],
                     changed=late["balances_changed"], id=late["break"],
                     difference=late["difference"]), style="bold"),
        Styled(words("guard.story_incident", id=found["incident"]["id"],
                     lost=", ".join(f"{n} {a}" for a, n in
                                    found["incident"]["loss"]["asset"].items()))),
    ]  # fmt: skip
    return Group(*lines)
