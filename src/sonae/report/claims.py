"""Claims for people: terminal views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.canonical import parse_number
from sonae.core.display import exact, with_separators
from sonae.core.text import Lang
from sonae.report.words import Words

Found = Mapping[str, Any]


def allocation_table(found: Found, lang: Lang) -> RenderableType:
    """Each pool: claimants, paid, and what no claimant gets."""
    words = Words(lang)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in ("asset", "claimants", "paid", "residue"):
        table.add_column(words(f"claims.{key}"), justify="left" if key == "asset" else "right")
    for asset, paid in found["paid"].items():
        total = sum(int(amount) for amount in paid.values())
        cells = [str(len(paid)), str(total), found["residue"][asset]]
        table.add_row(asset, *map(with_separators, cells))
    return table


def caps_table(found: Found, lang: Lang) -> RenderableType:
    """Each product with what the cap covers and what is over it, and the order by which."""
    words = Words(lang)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in ("person", "account", "amount", "paid", "over"):
        right = key not in ("person", "account")
        table.add_column(words(f"caps.{key}"), justify="right" if right else "left")
    for row in found["rows"]:
        amounts = [with_separators(row[k]) for k in ("amount", "paid", "over")]
        table.add_row(row["person"], row["account"], *amounts)
    sums = [with_separators(found[k]) for k in ("owed", "paid", "over")]
    table.add_row(words("caps.total"), "", *sums, style="bold")
    order = " → ".join(words.known(f"caps.{code}", code) for code in found["order"])
    mark = words(f"confidence.{found['confidence']}")
    head = words("caps.cap", cap=with_separators(found["cap"]), n=f"{found['above_cap']:,}")
    cites = "; ".join(c[lang] for c in found["cites"])
    lines = [head, words("caps.order", order=order, rule=found["rule"], cites=cites, mark=mark)]
    return Group(table, *map(Styled, lines))


COUNTS = (
    "customers",
    "persons",
    "with_several_accounts",
    "across_brands",
    "candidates",
    "waiting_for_a_second_person",
    "rules_overruled",
    "unclear",
    "birth_dates_unread",
)


def people_table(found: Found, lang: Lang) -> RenderableType:
    """How many customers are how many people, and what people must look at."""
    words = Words(lang)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for key in COUNTS:
        table.add_row(words(f"people.{key}"), f"{found[key]:,}")
    for rule, count in found["by_rule"].items():
        table.add_row(f"  {rule}", f"{count:,}")
    if not found["scored"]:
        table.add_row(words("people.unscored"), "")
    return table


def counters_table(found: Found, lang: Lang) -> RenderableType:
    """Counters by asset; what is withheld says so."""
    words = Words(lang)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in ("asset", "state", "people", "amount"):
        right = key in ("people", "amount")
        table.add_column(words(f"pay.{key}"), justify="right" if right else "left")
    for asset, row in found.items():
        for name, cell in row.items():
            hidden = [words("pay.withheld")] * 2
            cells = (
                hidden if cell is None else [f"{cell['people']:,}", with_separators(cell["amount"])]
            )
            table.add_row(asset, words.known(f"pay.{name}", name), *cells)
    return table


def route_view(found: Found, lang: Lang) -> RenderableType:
    """Claims by asset and way, how far each place can be paid, and what people must look at."""
    words = Words(lang)
    ways = Table(box=None, pad_edge=False, header_style="dim")
    for key in ("asset", "way", "claims", "amount"):
        ways.add_column(words(f"route.{key}"), justify="right" if key in _SUMS else "left")
    for asset, row in found["counters"].items():
        for name, cell in row.items():
            if cell["claims"]:
                cells = (f"{cell['claims']:,}", with_separators(cell["amount"]))
                ways.add_row(asset, words(f"route.{name}"), *cells)
    places = Table(box=None, pad_edge=False, header_style="dim")
    for key in ("place", *_REACH):
        places.add_column(words(f"route.{key}"), justify="left" if key == "place" else "right")
    for place, at in found["coverage"].items():
        name = place or words("route.unknown_place")
        places.add_row(name, *(f"{at[k]:,}" for k in _REACH))
    seen = [
        Styled(f"{row['person']} {row['asset']}: {row['reason'][lang]}") for row in found["look_at"]
    ]
    return Group(ways, Styled(), places, *([Styled(), *seen] if seen else []))


_SUMS, _REACH = ("claims", "amount"), ("with_way", "without", "waiting")

TAX = ("day", "asset", "quantity", "unit_price", "amount", "nature", "treatment", "discharge")


def tax_statement(found: Found, lang: Lang) -> RenderableType:
    """One person's year for the tax office: payments, totals, and what each treatment rests on."""
    words = Words(lang)
    title = words("tax.title", year=found["year"], person=found["person"])
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in TAX:
        right = key in ("quantity", "unit_price", "amount")
        table.add_column(words(f"tax.{key}"), justify="right" if right else "left")
    for row in found["payments"]:
        price = row["unit_price_jpy"]
        table.add_row(
            row["day"],
            row["asset"],
            exact(parse_number(row["quantity"])),
            exact(parse_number(price)) if price else "",
            with_separators(row["amount_jpy"]),
            words(f"nature.{row['nature']}"),
            words(f"tax_treatment.{row['treatment']}"),
            words(f"discharge.{row['discharge']}") if row["discharge"] else "",
        )
    total = f"{words('tax.total')} {with_separators(found['total_jpy'])}"
    known = []
    for id, treatment in found["treatments"].items():
        sums = found["returned_in_kind"] if id == "not_income" else {"JPY": found["totals_jpy"][id]}
        figures = ", ".join(f"{exact(parse_number(n))} {unit}" for unit, n in sums.items())
        mark = words(f"confidence.{treatment['confidence']}")
        name = words(f"tax_treatment.{id}")
        known.append(f"{name} {figures}: {treatment['text'][lang]} [{mark}]")
    notes = [
        Styled(f"· {line}", style="dim") for line in (*known, *(n[lang] for n in found["notes"]))
    ]
    return Group(Styled(title, style="bold"), table, Styled(total), *notes)
