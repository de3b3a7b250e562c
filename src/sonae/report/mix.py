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

COLUMNS = {
    "kinds": ("peril", "tier", "events", "exposure"),
    "layers": ("name", "insurer", "attachment", "limit", "premium", "covers"),
    "costs": ("item", "chosen", "cash_only"),
    "frontier": ("level", "limits", "cash", "cost", "error"),
    "worth": ("name", "value", "step_less", "step_more"),
    "defaults": ("insurer", "tvar", "credit", "call"),
    "spread": ("law", "cost", "cash"),
}
COSTS = ("cost", "cash", "premium", "retained", "unpaid", "credit", "tvar")


def mix_view(found: Mapping[str, Any], lang: Lang) -> RenderableType:
    """The document of `mix` as one screen; every amount is an estimate."""
    words = Words(lang)
    parts: list[RenderableType] = [Styled(mix_title(found, lang), style="bold")]
    for key, (titles, rows) in mix_tables(found, lang).items():
        parts += [Styled(f"\n{words(f'mix.of_{key}')}", style="bold"), table_of(titles, rows)]
    return Group(*parts, *(Styled(n, style="dim") for n in mix_notes(found, lang)))


def mix_title(found: Mapping[str, Any], lang: Lang) -> str:
    """Names the level."""
    return Words(lang)("mix.title", level=f"{found['level']:g}")


def mix_tables(
    found: Mapping[str, Any], lang: Lang
) -> dict[str, tuple[list[str], list[list[str]]]]:
    """Each table that has rows: its head, and its rows."""
    words = Words(lang)

    def yen(value: float | None) -> str:
        return "-" if value is None else oku(Fraction(round(value)), lang)

    def covered(x: Mapping[str, Any]) -> str:
        names = [words(f"peril.{p}") for p in x["perils"]]
        return ", ".join([*names, *(words(f"assets.{t}") for t in x["tiers"])]) or words("mix.all")

    chosen, alone = found["chosen"], found["cash_only"]
    rows = {
        "kinds": [[words(f"peril.{k['peril']}"), words(f"assets.{k['tier']}"), f"{k['share']:g}",
                   yen(k["exposure"])] for k in found["kinds"]],
        "layers": [[x["name"], x["insurer"], yen(x["attachment"]), yen(x["limit"]),
                    yen(x["premium"]), covered(x)] for x in chosen["layers"]],
        "costs": [[words(f"mix.{k}"), yen(chosen[k]), yen(alone[k])] for k in COSTS],
        "frontier": [[f"{p['level']:g}", " / ".join(yen(x) for x in p["limits"]), yen(p["cash"]),
                      yen(p["cost"]), f"± {yen(p['error'])}"] for p in found["frontier"]],
        "worth": [[x["name"], yen(x["value"]), yen(x["step_less"]), yen(x["step_more"])]
                  for x in found["layers"]],
        "defaults": [[x["insurer"], yen(x["tvar"]), yen(x["credit"]), yen(x["call"])]
                     for x in found["defaults"]["alone"]],
        "spread": [[words.known(f"reading.{name}", name), yen(x["cost"]), yen(x["cash"])]
                   for name, x in found["spread"].items()],
    }  # fmt: skip
    return {
        key: ([words(f"mix.{n}") for n in COLUMNS[key]], found_rows)
        for key, found_rows in rows.items()
        if found_rows
    }


def mix_notes(found: Mapping[str, Any], lang: Lang) -> list[str]:
    """The interval, the tail with defaults, the engine, and what was assumed."""
    words, notes = Words(lang), []

    def yen(value: float) -> str:
        return oku(Fraction(round(value)), lang)

    if (ends := found["interval"]) is not None:
        low, high = (yen(v) for v in ends["cost"])
        notes.append(words("mix.interval", low=low, high=high, n=ends["draws"]))
    notes.append(words("mix.expected_tvar", amount=yen(found["defaults"]["expected_tvar"])))
    notes.append(
        words(
            "mix.engine", n=f"{found['programmes']:,}", engine=found["engine"], seed=found["seed"]
        )
    )
    return [*notes, *(a[lang] for a in found.get("assumptions", [])), found["order"][lang]]
