"""A mix of cash and insurance in a terminal: the choice, its frontier, and what could go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text as Styled

from sonae.core.text import Lang
from sonae.report.level import table_of
from sonae.report.level_view import oku
from sonae.report.words import Words

COSTS = ("cost", "cash", "premium", "retained", "unpaid", "credit", "tvar")


def mix_view(found: Mapping[str, Any], lang: Lang) -> RenderableType:
    """The document of `mix` as one screen; every amount is an estimate."""
    words = Words(lang)

    def yen(value: float | None) -> str:
        return "-" if value is None else oku(Fraction(round(value)), lang)

    def head(text: str) -> Styled:
        return Styled(f"\n{text}", style="bold")

    chosen, alone = found["chosen"], found["cash_only"]
    layers = [[x["name"], x["insurer"], yen(x["attachment"]), yen(x["limit"]), yen(x["premium"])]
              for x in chosen["layers"]]  # fmt: skip
    costs = [[words(f"mix.{k}"), yen(chosen[k]), yen(alone[k])] for k in COSTS]
    frontier = [
        [f"{p['level']:g}", " / ".join(yen(x) for x in p["limits"]), yen(p["cash"]), yen(p["cost"]),
         f"± {yen(p['error'])}"]
        for p in found["frontier"]
    ]  # fmt: skip
    worth = [[x["name"], yen(x["value"]), yen(x["step_less"]), yen(x["step_more"])]
             for x in found["layers"]]  # fmt: skip
    fails = [[x["insurer"], yen(x["tvar"]), yen(x["credit"]), yen(x["call"])]
             for x in found["defaults"]["alone"]]  # fmt: skip
    spread = [
        [words.known(f"reading.{name}", name), yen(x["cost"]), yen(x["cash"])]
        for name, x in found["spread"].items()
    ]
    columns = {
        "layers": ("name", "insurer", "attachment", "limit", "premium"),
        "costs": ("item", "chosen", "cash_only"),
        "frontier": ("level", "limits", "cash", "cost", "error"),
        "worth": ("name", "value", "step_less", "step_more"),
        "defaults": ("insurer", "tvar", "credit", "call"),
        "spread": ("law", "cost", "cash"),
    }
    rows = {"layers": layers, "costs": costs, "frontier": frontier, "worth": worth,
            "defaults": fails, "spread": spread}  # fmt: skip
    parts: list[RenderableType] = [
        Styled(words("mix.title", level=f"{found['level']:g}"), style="bold")
    ]
    for key, names in columns.items():
        if rows[key]:
            titles = [words(f"mix.{n}") for n in names]
            parts += [head(words(f"mix.of_{key}")), table_of(titles, rows[key])]
    ends = found["interval"]
    if ends is not None:
        low, high = (yen(v) for v in ends["cost"])
        parts.append(Styled(words("mix.interval", low=low, high=high, n=ends["draws"])))
    expected = words("mix.expected_tvar", amount=yen(found["defaults"]["expected_tvar"]))
    last = words(
        "mix.engine", n=f"{found['programmes']:,}", engine=found["engine"], seed=found["seed"]
    )
    notes = [expected, last, *(a[lang] for a in found.get("assumptions", [])), found["order"][lang]]
    return Group(*parts, *(Styled(n, style="dim") for n in notes))
