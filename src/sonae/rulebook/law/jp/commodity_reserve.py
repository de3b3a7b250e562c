"""The commodity precedent: a reserve whose rate follows the firm's own incident payouts."""

from __future__ import annotations

from typing import Any

from sonae.core.figure import Figure, derive
from sonae.core.formula import largest, not_negative, smallest, total
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, Record, Series, rule

# Each kind of business: this year's volume, its best of three years, its column in `years`.
FUTURES = {
    "futures": ("futures_value_fy", "best_of_3y_value", "futures_value"),
    "cash_settled": (
        "cash_settled_futures_value_fy",
        "best_of_3y_cash_settled_futures_value",
        "cash_settled_futures_value",
    ),
    "index": ("index_futures_value_fy", "best_of_3y_index_futures_value", "index_futures_value"),
}
OPTIONS = {
    "options": ("option_premium_fy", "best_of_3y_option_premium", "option_premium"),
}
PROFESSIONAL = {
    "professional": (
        "professional_value_fy",
        "best_of_3y_professional_value",
        "professional_value",
    ),
    "professional_options": (
        "professional_option_premium_fy",
        "best_of_3y_professional_option_premium",
        "professional_option_premium",
    ),
}
KINDS = {**FUTURES, **OPTIONS, **PROFESSIONAL}
THIS_YEAR, BEST, COLUMN = 0, 1, 2
YEAR = Record(months="months", **{names[COLUMN]: "JPY" for names in KINDS.values()})
OPTIONAL = (
    "option_premium_prior_3y",
    "new_entrant_year",
    "used_for_incidents",
    "other_items",
    "years",
    *(names[THIS_YEAR] for kind, names in KINDS.items() if kind != "futures"),
    *(names[BEST] for kind, names in KINDS.items() if kind != "futures"),
)


@rule(
    "jp.commodity.liability_reserve",
    title=Text("商品取引責任準備金", "commodity transaction liability reserve"),
    cites="ordinance 111",
    needs={
        "opening_reserve": "JPY",
        "used_for_incidents": "JPY",
        "incident_payouts_prior_3y": "JPY",
        "value_prior_3y": "JPY",
        "option_premium_prior_3y": "JPY",
        "new_entrant_year": "years",
        "other_items": "JPY",
        **{names[THIS_YEAR]: "JPY" for names in KINDS.values()},
        **{names[BEST]: "JPY" for names in KINDS.values()},
        "years": Series(YEAR),
    },
    optional=OPTIONAL,
    outputs={
        "incident_rate": Text("事故率", "incident rate"),
        "rate": Text("先物の取引金額に乗じる率", "rate on futures"),
        "base": Text("率による額の合計（加算前）", "amounts by rate, before the add-on"),
        "addon_volume": Text("加算の対象となる取引金額", "volume of the add-on"),
        "addon": Text("残高が少ない場合の加算額", "add-on for a small balance"),
        "item1": Text("第1号の額（当年度の積立額）", "item 1: this year's accrual"),
        "cap": Text("上限（満額）", "cap: the full level"),
        "item2": Text("第2号の額（上限までの残り）", "item 2: room up to the cap"),
        "accrual": Text("積立額", "accrual"),
        "closing": Text("期末残高", "closing balance"),
    },
)
def liability_reserve(law: Any, day: Any) -> Outputs:
    """The lower of volumes at the experience rate and the room to the cap.

    The experience rate is the payouts for incidents over the volume of the same years, never below
    a floor; an entrant's first years have a flat rate in its place. Professional volume has fixed
    rates. While the balance is small, volume of the first futures class is counted once more until
    the balance would be filled. Kinds of business that are not listed were not done: the volumes
    are complete as given.
    """
    incident_rate = _experience(day)
    rate, option_rate = _rates(law, day, incident_rate)
    main = day.futures_value_fy * rate
    others = _other_items(law, day, rate, option_rate)
    balance = day.opening_reserve
    if day.given("used_for_incidents"):
        balance = balance - day.used_for_incidents
    room = not_negative(law.small_balance - balance - others)
    addon_volume = smallest(day.futures_value_fy, room / (rate * law.addon_multiple))
    addon = addon_volume * rate
    base = main + others
    item1 = base + addon
    cap = largest(law.least_full_level, _full_level(law, day))
    item2 = cap - balance
    accrual = not_negative(smallest(item1, item2))
    return {
        "incident_rate": incident_rate,
        "rate": rate,
        "base": base,
        "addon_volume": addon_volume,
        "addon": addon,
        "item1": item1,
        "cap": cap,
        "item2": item2,
        "accrual": accrual,
        "closing": balance + accrual,
    }


def _experience(day: Any) -> Figure:
    """Payouts for incidents over the traded value and option premiums of the same years."""
    volume: Figure = day.value_prior_3y
    if day.given("option_premium_prior_3y"):
        volume = volume + day.option_premium_prior_3y
    rate: Figure = day.incident_payouts_prior_3y / volume
    return rate


def _rates(law: Any, day: Any, incident_rate: Figure) -> tuple[Figure, Figure]:
    """The rates on futures and on option premiums."""
    by_experience = (
        largest(incident_rate, law.floor_rate),
        largest(incident_rate, law.option_floor_rate),
    )
    if not day.given("new_entrant_year"):
        return by_experience
    entrant = day.new_entrant_year <= law.entrant_years
    if not entrant.computable:
        unknown = derive("{0}", None, "ratio", (entrant,))
        return unknown, unknown
    flat = (law.entrant_rate, law.entrant_option_rate)
    return flat if entrant.truth() else by_experience


def _other_items(law: Any, day: Any, rate: Figure, option_rate: Figure) -> Figure:
    """Every item of the accrual but the first futures class, given as a sum or by volume."""
    if day.given("other_items"):
        return derive("{0}", day.other_items.value, "JPY", (day.other_items,))
    rates = {
        "cash_settled": rate,
        "index": rate,
        "options": option_rate,
        "professional": law.professional_rate,
        "professional_options": law.professional_option_rate,
    }
    terms = [
        getattr(day, KINDS[kind][THIS_YEAR]) * each
        for kind, each in rates.items()
        if day.given(KINDS[kind][THIS_YEAR])
    ]
    return total(terms, "JPY", "Σ volume × rate of the other kinds")


def _full_level(law: Any, day: Any) -> Figure:
    """Each kind's best of three years at its cap rate, added up."""
    caps = {
        **dict.fromkeys(FUTURES, law.cap_rate),
        **dict.fromkeys(OPTIONS, law.cap_option_rate),
        "professional": law.cap_professional_rate,
        "professional_options": law.cap_professional_option_rate,
    }
    terms = [best * caps[kind] for kind in KINDS if (best := _best(law, day, kind)) is not None]
    return total(terms, "JPY", "Σ best of three years × cap rate")


def _best(law: Any, day: Any, kind: str) -> Figure | None:
    """A kind's best of three years; None where the business was not done.

    From `years` where they are given, short ones annualised; else as given. Volume this year
    without a best of three years is a gap, as the earlier years are not known.
    """
    this_year, best, column = KINDS[kind]
    if day.given("years"):
        return _best_year(law, day.years, column)
    if day.given(best):
        figure: Figure = getattr(day, best)
        return figure
    volume: Figure = getattr(day, this_year)
    if not day.given(this_year) and kind != "futures":
        return None
    done = not (volume.computable and volume.value == 0)
    return getattr(day, best) if done else None


def _best_year(law: Any, years: Figure, column: str) -> Figure | None:
    if not years.computable:
        return derive("{0}", None, "JPY", (years,))
    listed = [year.rows() for year in years.items() if column in year.rows()]
    if not listed:
        return None
    whole = law.full_year_months
    return largest(
        *(
            row[column] / row["months"] * whole if _short(row, whole) else row[column]
            for row in listed
        )
    )


def _short(row: Any, whole: Figure) -> bool:
    months = row.get("months")
    if months is None:
        return False
    return not (months.computable and whole.computable) or months.number() < whole.number()
