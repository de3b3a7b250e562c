"""The association's route for making good a customer's loss: spot and crypto derivatives differ."""

from __future__ import annotations

from typing import Any

from sonae.core.figure import Figure, apply, derive
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, known_code, rule

PRODUCTS = ("spot", "crypto_derivative")
NO_GROUND = "none"


@rule(
    "jp.jvcea.compensation_route",
    title=Text("損失補塡の事故確認の経路", "route to confirm an accident before making good"),
    cites="rules 損失補塡等の禁止・事故の確認",
    needs={"product": "code", "basis": "code", "spot_item": "code"},
    optional=("spot_item",),
    outputs={
        "confirmed_by": Text("確認する者", "confirmed by"),
        "application_through": Text("申請の経由", "application through"),
        "item": Text("確認を要しない根拠", "ground for no confirmation"),
        "confirmation_needed": Text("あらかじめ確認を要するか", "confirmation needed beforehand"),
    },
)
def compensation_route(law: Any, day: Any) -> Outputs:
    """Spot: the association confirms, with a list of exemptions of its own. Derivatives: the State.

    For crypto derivatives the association's list leaves out one item of Article 119(1), and an
    application goes to the finance bureau through the association. A listed ground still has its
    own conditions (`jp.securities.compensation_gate`). The items of the spot list are not at hand:
    which of them applies is given as `spot_item`.
    """
    product, bodies, routes = day.product, law.confirming_body, law.application_route
    known_code(product, PRODUCTS)
    item = _item(law, day)
    return {
        "confirmed_by": apply(
            "who confirms for {0}", "code", (product, bodies), lambda: _row(bodies, product)
        ),
        "application_through": apply(
            "the way for {0}", "code", (product, routes), lambda: _row(routes, product)
        ),
        "item": item,
        "confirmation_needed": apply("{0} is none", "truth", (item,), lambda: item.value is None),
    }


def _item(law: Any, day: Any) -> Figure:
    """The item of the product's list that the ground falls under, none where it is not listed."""
    product = day.product
    if not product.computable:
        return derive("{0}", None, "code", (product,))
    if day.basis.computable and day.basis.value == NO_GROUND:
        return derive("{0} is no ground", None, "code", (day.basis,))
    if product.value == "spot":
        given, listed = day.spot_item, law.spot_items
        if listed.computable:
            known_code(given, listed.rows())
        return derive("{0}, of {2}", given.value, "code", (given, listed, product))
    basis, items, grounds = day.basis, law.derivative_items, law.grounds
    if grounds.computable:
        known_code(basis, [*grounds.rows(), NO_GROUND])
    return apply(
        "the item for {0}, if among {2} of {3}",
        "code",
        (basis, grounds, items, product),
        lambda: _listed(_row(grounds, basis), items),
    )


def _row(table: Figure, key: Figure) -> str | None:
    row = table.rows().get(str(key.value))
    return None if row is None else str(row.value)


def _listed(item: str | None, items: Figure) -> str | None:
    return item if item in items.rows() else None
