"""Where a loss lies and what caused it: which payments can arise, which act of the firm it was.

What a payment is goes by what was lost, not by its cause: where a wallet or the money trust was
emptied, balances stand and are owed; where a bad trade lowered balances, that is a loss from a
transaction. The table of acts is our reading (from memory) of the classes of Article 118.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

OUT_OF: Mapping[str, tuple[str, ...]] = {
    "coins": ("wallet", "balances"),
    "cash": ("trust", "balances"),
}
"""Where a loss of each kind lies; the first is the pool that must be refilled."""
CURES: Mapping[str, str] = {"coins": "chain_shortage", "cash": "cash_trust_shortage"}
"""The breach whose clock runs while the pool is short."""
ACTS: Mapping[str, str] = {
    "external_theft": "outside_theft",
    "insider": "other_violation",
    "erroneous_order": "order_error",
    "system_failure": "system_fault",
}
"""Cause -> act of the rule jp.securities.reserve_use; of another cause people decide."""
WRONGFUL = ("external_theft", "insider")
"""Causes that are somebody's wrongful act, which a report on personal data goes by."""
NO_CRIME = ("erroneous_order", "system_failure")
"""Causes that by themselves give nothing to report to the police."""


def arises(out_of: Collection[str], above_loss: bool) -> dict[str, bool]:
    """Which natures of payment the losses give rise to.

    Args:
        out_of: where the losses lie.
        above_loss: whether a method pays more than the loss.

    >>> [n for n, yes in arises({"balances"}, True).items() if yes]
    ['transaction_loss', 'goodwill']
    """
    pool = any(place != "balances" for place in out_of)
    return {
        "return_in_kind": pool,
        "damages_for_non_return": pool,
        "transaction_loss": "balances" in out_of,
        "goodwill": above_loss,
    }
