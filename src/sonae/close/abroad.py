"""What rules outside Japan are given: the facts of the Books, in the currency of each regime.

A close under such a regime and the comparison of regimes ask here, so that both say the same. What
the Books do not hold is missing under the name of its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction

from sonae.close.abroad_means import declared, insured, mica_insurance, trusted
from sonae.close.abroad_money import held, owed
from sonae.close.reconcile import Line
from sonae.close.regimes import ABROAD, REGIMES
from sonae.close.require import Requirements
from sonae.close.world import World
from sonae.core.figure import Figure, bounds, missing
from sonae.core.formula import smallest, table, total
from sonae.core.text import Text

RECEIVED_TODAY = Text("基準日に受領したものとみなす", "taken as received on the day of the close")
Given = dict[str, Figure]


def enough(required: Figure, forms: Mapping[str, Figure]) -> Given:
    """The forms that are known, where they alone meet the requirement; else all of them.

    So a form that nobody stated does not hide that the others suffice, and never counts as zero
    where they do not.
    """
    known = {key: f for key, f in forms.items() if f.computable}
    if not required.computable or not known:
        return dict(forms)
    least = sum((min(bounds(f)) for f in known.values()), Fraction(0))
    return known if least >= max(bounds(required)) else dict(forms)


def _stated(key: str, value: str | int | bool | date | Fraction | None, unit: str) -> Figure:
    """What `venue.toml` states, or missing under the name of its key."""
    if value is None:
        words = Text(f"venue.toml に {key} がない", f"venue.toml does not state {key}")
        return missing(key, words, unit)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return Figure(Fraction(value) if whole else value, unit)  # type: ignore[arg-type]


# -- every rule of a regime ----------------------------------------------------------------


def require_abroad(world: World, required: Requirements) -> Requirements:
    """The same with the rules of each regime abroad that the venue names."""
    outputs, given = dict(required.outputs), dict(required.facts)
    for regime in required.by_regime:
        if regime not in ABROAD:
            continue
        facts = GIVEN[regime](world)
        given |= facts
        outputs |= {r: world.evaluate(r, facts) for r in REGIMES[regime]}
    return replace(required, outputs=outputs, facts=given)


def _named(facts: Given) -> Given:
    return {
        key: figure if figure.id == f"fact:{key}" else figure.named(f"fact:{key}")
        for key, figure in facts.items()
    }


def _output(world: World, rule: str, output: str, facts: Mapping[str, Figure]) -> Figure:
    return world.evaluate(rule, facts)[output]


# -- European Union -------------------------------------------------------------------------


def eu(world: World) -> Given:
    """MiCA Articles 67, 70(3), 75(5) and 85."""
    said, on = world.facts.books.venue.abroad, world.facts.books.venue.on
    needs = eu_safeguards(world, said.mica_class)
    rule = "eu.mica.prudential_safeguards"
    required = _output(world, rule, "requirement_eur", needs)
    forms = {
        "own_funds_eur": world.financial("own_funds", "EUR"),
        "eligible_insurance_eur": mica_insurance(world, failed=False),
    }
    received = Figure(on, "date", standing="house", assumptions=(RECEIVED_TODAY,))
    last, users = said.last_statement_on, said.average_active_users
    return needs | _named(
        {
            **enough(required, forms),
            "received_on": received,
            "last_statement_on": _stated("regime.eu.last_statement_on", last, "date"),
            "average_active_users": _stated("regime.eu.average_active_users", users, "users"),
        }
    )


def eu_safeguards(world: World, mica_class: str) -> Given:
    """What the prudential requirement rests on."""
    return _named(
        {
            "class": _stated("regime.eu.class", mica_class or None, "code"),
            "fixed_overheads_eur": world.financial("fixed_overheads", "EUR"),
            "deductions_67_3_eur": world.financial("fixed_overheads_deductions", "EUR"),
        }
    )


# -- Hong Kong ------------------------------------------------------------------------------


def hk(world: World) -> Given:
    """The SFC's guidelines and the Financial Resources Rules."""
    stored = hk_stored(world)
    items = {
        "adjusted_liabilities_hkd": "adjusted_liabilities",
        "liquid_capital_hkd": "liquid_capital",
        "actual_opex_last_12_months_hkd": "operating_expenses_12_months",
        "sufficiently_liquid_assets_hkd": "liquid_assets",
        "paid_up_capital_hkd": "capital",
    }
    needs = _named({key: world.financial(item, "HKD") for key, item in items.items()})
    return {**stored, **needs, **_named(hk_cover(world, failed=False))}


def hk_stored(world: World) -> Given:
    """Client virtual assets by tier at the day's value; what is not proven cold is other."""

    def cold(line: Line) -> Figure:
        return smallest(line["owed"], line["proven_cold"])

    rest = world.worth(lambda x: x["not_cold"], "HKD", "Σ not cold × price")
    return _named(
        {
            "client_va_cold_hkd": world.worth(cold, "HKD", "Σ cold × price"),
            "client_va_hot_or_other_hkd": rest,
        }
    )


def hk_cover(world: World, *, failed: bool) -> Given:
    """What is required, and insurance, trust money, deposits and guarantees behind it."""
    rule = "hk.vatp.compensation_cover_required"
    required = _output(world, rule, "compensation_required_hkd", hk_stored(world))
    rows = {**trusted(world, failed=failed), **insured(world, "HKD", failed=failed)}
    amounts = {key: row.rows()["amount_hkd"] for key, row in rows.items()}
    kept = tuple(rows[key] for key in enough(required, amounts))
    return {
        "required_hkd": required,
        "instruments": Figure(kept, "table", inputs=kept),
    }


# -- Korea ------------------------------------------------------------------------------------


def kr(world: World) -> Given:
    """The user protection Act, its decree and the supervisory notice."""
    said = world.facts.books.venue.abroad
    value = kr_value(world)
    outputs = world.evaluate("kr.vaupa.economic_value", value)
    kept = {
        x.asset: table({"entrusted_qty": x["owed"], "held_qty": x["held"]}).named(
            f"fact:assets/{x.asset}"
        )
        for x in world.lines
    }
    given = {
        "assets": table(kept),
        **value,
        "economic_value_total_krw": outputs["economic_value_krw"],
        "economic_value_cold_krw": outputs["economic_value_cold_krw"],
        "non_cold_economic_value_krw": outputs["non_cold_economic_value_krw"],
        "type": _stated("regime.kr.type", said.kr_type or None, "code"),
        **kr_deposits(world),
    }
    for key in ("custodian_for_others", "notified_share"):
        if (value_of := getattr(said, key)) is not None:
            unit = "truth" if key == "custodian_for_others" else "ratio"
            given[key] = _stated(f"regime.kr.{key}", value_of, unit)
    required = _output(world, "kr.vaupa.cover_required", "required_cover_krw", given)
    return _named(given | enough(required, kr_means(world, failed=False)))


def kr_value(world: World) -> Given:
    """Quantities and the year's average prices, from which economic value is computed."""
    prices = {x.asset: world.facts.average_price(x.asset, "KRW") for x in world.lines}
    return _named(
        {
            "quantities": table({x.asset: x["owed"] for x in world.lines}),
            "cold_quantities": table({x.asset: x["proven_cold"] for x in world.lines}),
            "average_price_krw": table(prices),
        }
    )


def kr_means(world: World, *, failed: bool) -> Given:
    """Insurance and the reserve, as declared; own tokens are none."""
    rows = insured(world, "KRW", failed=failed)
    amounts = [row.rows()["amount_krw"] for row in rows.values()]
    return {
        "insurance_krw": total(amounts, "KRW", "Σ policies"),
        "reserve_krw": declared(world, "KRW", failed=failed),
    }


def kr_deposits(world: World) -> Given:
    """Users' money, and what banks and trusts hold of it."""
    return {"user_deposits_krw": owed(world, "KRW"), "held_by_bank_krw": held(world, "KRW")}


GIVEN = {"eu": eu, "hk": hk, "kr": kr}
