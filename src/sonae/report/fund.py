"""The reserve fund for people: terminal views, and the statement as one self-contained page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.amount import coins
from sonae.core.display import exact
from sonae.core.text import Lang
from sonae.fund.refusals import refusal
from sonae.report import format as fmt
from sonae.report.html import page
from sonae.report.tree import amount_text
from sonae.report.words import Words

ASSET_COLUMNS = (
    "id",
    "kind",
    "unit",
    "holder",
    "title",
    "bankruptcy_remote",
    "matures_on",
    "evidence",
)
Found = Mapping[str, Any]


def named(words: Words, code: str | None) -> str:
    """A code of the ledger in the language."""
    return words.known(f"fund_kind.{code}", str(code)) if code else ""


def account_name(words: Words, account: str) -> str:
    """An account in the language: its class, and the id or class of reserve after it."""
    head, _, rest = account.partition("/")
    title = words.known(f"fund_account.{head}", head)
    if head in ("expense", "income", "equity") or not rest:
        return title
    return f"{title} {named(words, rest)}"


def whole(amount: str | int, scale: int | str) -> str:
    """Base units as whole units, exact."""
    return exact(coins(int(amount), int(scale)))


def _table(words: Words, *keys: str, right: Sequence[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in keys:
        justify = "right" if key in right else "left"
        table.add_column(words(f"fund.{key}"), justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table


# -- terminal --------------------------------------------------------------------------------------


def outcome_view(found: Found, lang: Lang) -> RenderableType:
    """What became of an act."""
    words = Words(lang)
    if found["refused"]:
        style, text = "bold red", f"{named(words, 'refused')}: {found['message'][lang]}"
    else:
        style, text = "bold", named(words, found["outcome"])
    return Styled(f"#{found['seq']} {text}", style=style)


def proposal_view(found: Found, lang: Lang) -> RenderableType:
    """A proposal as the second person must see it."""
    words, scales = Words(lang), found["scales"]
    head = Styled(f"#{found['seq']} {named(words, found['kind'])} · {found['on']}", style="bold")
    facts = Table(box=None, show_header=False, pad_edge=False)
    rows = {
        "outcome": named(words, found["state"]),
        "people": f"{found['by']} → {', '.join(found['approved_by'])}",
        "expires": found["expires"],
        "digest": found["digest"],
    }
    for key, value in rows.items():
        facts.add_row(words(f"fund.{key}"), value)
    for key, value in found["content"].items():
        facts.add_row(key, str(value))
    lines = _table(words, "account", "unit", "amount", right=("amount",))
    for account, unit, amount in found["lines"]:
        lines.add_row(account_name(words, account), unit, whole(amount, scales.get(unit, 0)))
    return Group(head, facts, *([lines] if found["lines"] else []))


def balances_view(found: Sequence[Found], lang: Lang) -> RenderableType:
    """Balances of accounts."""
    words = Words(lang)
    table = _table(words, "account", "balance", "unit", right=("balance",))
    for row in found:
        table.add_row(
            account_name(words, row["account"]), whole(row["balance"], row["scale"]), row["unit"]
        )
    return table


def history_view(found: Sequence[Found], lang: Lang) -> RenderableType:
    """Every act, refused ones included."""
    words = Words(lang)
    table = _table(words, "entry", "known_at", "people", "kind", "on", "outcome")
    for e in found:
        about = f" #{e['subject']}" if e["subject"] else ""
        code, _, why = e["outcome"].partition(":")
        result = named(words, code) + (f": {refusal(why).lang(lang)}" if why else "")
        kind = f"{named(words, e['act'])}{about} {named(words, e['kind'])}"
        cells = [str(e["seq"]), e["at"][:19] + "Z", e["by"], kind, e["on"] or "", result]
        table.add_row(*cells, style="red" if why else None)
    return table


def verified_view(found: Found, lang: Lang) -> RenderableType:
    """The result of a verification."""
    words = Words(lang)
    if not found["faults"]:
        text = words("fund.verified", entries=f"{found['entries']:,}", refused=found["refused"])
        return Styled(text, style="green")
    table = _table(words, "entry", "outcome")
    for fault in found["faults"]:
        table.add_row(fault["file"] or str(fault["entry"]), fault["why"][lang])
    return Group(Styled(words("fund.unverified"), style="bold red"), table)


def accrual_view(found: Found, lang: Lang) -> RenderableType:
    """What is to be set aside and contributed, by which rule, and what booking it changes."""
    words = Words(lang)
    figures = {f["id"]: f for f in found["figures"]}
    title = Styled(f"{found['rule']} · {found['on']}", style="bold")
    if found["standing"] != "in_force":
        title.append(f" ({words('standing.' + found['standing'])})", style="yellow")
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    reasons: dict[str, None] = {}
    for part in ("amounts", "booking"):
        for name, id in found[part].items():
            entry = figures[id]
            label = entry["label"][lang] if entry["label"] else name
            if "reason" in entry:
                reasons[entry["reason"][lang]] = None
                table.add_row(label, Styled(words("value.not_computable"), style="dim"))
            else:
                coded = words.known(f"fund_kind.{entry['value']}", "")
                table.add_row(label, coded or amount_text(entry, lang))
    return Group(title, table, *(Styled(f"· {reason}", style="dim") for reason in reasons))


def notice(found: Found, lang: Lang) -> str:
    """The draft of a notice of a use, as plain text to be completed and signed by a person."""
    words, content = Words(lang), found["content"]
    ground, payment = content["ground"], content["payment"]
    lines = [
        f"{account_name(words, a)} {whole(n, found['scales'].get(u, 0))} {u}"
        for a, u, n in found["lines"]
    ]
    left = [
        f"{account_name(words, a)} {whole(n, found['scales'].get(found['units'][a], 0))} "
        f"{found['units'][a]}"
        for a, n in found["left"].items()
    ]
    refill = found["refill"]["due"] or found["refill"]["reason"][lang]
    mark = words(f"standing.{ground['standing']}")
    rows = {
        "entity": found["entity"],
        "incident": content["incident"],
        "cause": named(words, content["cause"]),
        "used_on": fmt.day(found["used_on"], lang),
        "decided": found["known_at"],
        "ground": f"{named(words, ground['ground'])} [{mark}]",
        "provision": "; ".join(p[lang] for p in ground["provision"]),
        "evidence": ", ".join(f"{v['file']} (SHA-256 {v['sha256']})"
                              for v in ground["evidence"].values()),
        "nature": named(words, payment["nature"]),
        "lines": "; ".join(lines),
        "left": "; ".join(left),
        "booked": f"{whole(found['booked'], 0)} JPY",
        "refill": refill + (f" [{words('standing.' + found['refill']['standing'])}]"
                            if found["refill"]["due"] else ""),
        "head": found["head"],
    }  # fmt: skip
    body = "\n".join(f"{words('fund_notice.' + k)}: {v}" for k, v in rows.items())
    return f"{words('fund_notice.title')}\n\n{body}\n\n{words('fund_notice.draft')}\n"


# -- the statement ---------------------------------------------------------------------------------


def statement(found: Found, lang: Lang) -> str:
    """The fund on a day as a page: assets, balances, movements, and the head that fixes them."""
    words, scales = Words(lang), found["scales"]
    day = fmt.day(found["on"], lang)
    view = {
        **found,
        "on": day,
        "reserve_class": named(words, found["reserve_class"]),
        "assets": [_asset(words, a, scales) for a in found["assets"]],
        "balances": [
            {
                "account": account_name(words, b["account"]),
                "unit": b["unit"],
                "balance": whole(b["balance"], b["scale"]),
            }
            for b in found["balances"]
        ],
        "movements": [_movement(words, m, scales) for m in found["movements"]],
    }
    foot = f"{found['entity']} · {day} · {words('fund.title')}"
    return page("fund.html", lang, foot, "", view)


def _asset(words: Words, asset: Found, scales: Mapping[str, int]) -> dict[str, Any]:
    codes = {k: named(words, asset[k]) for k in ("kind", "title", "bankruptcy_remote")}
    balance = whole(asset["balance"], scales.get(asset["unit"], 0))
    return {**asset, **codes, "matures_on": asset.get("matures_on", "—"), "balance": balance}


def _movement(words: Words, movement: Found, scales: Mapping[str, int]) -> dict[str, Any]:
    lines = [
        {"account": account_name(words, a), "unit": u, "amount": whole(n, scales.get(u, 0))}
        for a, u, n in movement["lines"]
    ]
    basis = " · ".join(x for x in (named(words, movement["ground"]), movement["reason"]) if x)
    kind = named(words, movement["kind"])
    return {**movement, "kind": kind, "lines": lines, "basis": basis or "—"}
