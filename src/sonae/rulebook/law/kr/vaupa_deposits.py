"""Users' won: what the bank must hold, and what it pays each user when the firm is gone."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

from sonae.core.allocate import pro_rata
from sonae.core.figure import apply, derive
from sonae.core.formula import choose, not_negative, table
from sonae.core.text import Text
from sonae.rulebook.rule import Each, Outputs, rule

WON = Fraction(1)


@rule(
    "kr.vaupa.deposits",
    title=Text("預り金の預託・信託", "user deposits held by a bank"),
    cites="decree 8(3)",
    needs={"user_deposits_krw": "KRW", "held_by_bank_krw": "KRW"},
    outputs={
        "required_krw": Text("預託・信託すべき額", "to be deposited or held in trust"),
        "held_krw": Text("預託・信託額", "deposited or held in trust"),
        "shortfall_krw": Text("不足額", "shortfall"),
        "excess_krw": Text("超過額", "excess"),
        "test": Text("判定", "test"),
    },
)
def deposits(law: Any, day: Any) -> Outputs:
    """The sum over users of what each paid in and was credited, less costs; all of it at a bank."""
    required, held = day.user_deposits_krw * law.deposit_share, day.held_by_bank_krw
    return {
        "required_krw": required,
        "held_krw": held,
        "shortfall_krw": not_negative(required - held),
        "excess_krw": not_negative(held - required),
        "test": choose(held >= required, "pass", "fail"),
    }


@rule(
    "kr.vaupa.deposit_payout",
    title=Text("預り金の優先支払", "priority payment of user deposits"),
    cites="decree 10(1)(i)",
    needs={"entitlements": Each("KRW"), "pool": "KRW"},
    outputs={
        "paid": Text("各利用者への支払額", "paid to each user"),
        "residue": Text("端数", "residue of rounding down"),
        "excess": Text("預り金の総額を超える額", "beyond all deposits"),
    },
)
def deposit_payout(law: Any, day: Any) -> Outputs:
    """By the bank, as of the trigger day: deposit x pool / all deposits, at most the deposit.

    The text does not deal with fractions of a won: each payment is rounded down and what is left
    goes to a named residue (house rule).
    """
    claims, pool, share = day.entitlements, day.pool, law.deposit_share
    inputs = (claims, pool, share)
    if not (claims.computable and pool.computable and share.computable):
        gap = derive("pro rata", None, "KRW", inputs)
        return {"paid": gap, "residue": gap, "excess": gap}
    owed = list(claims.rows().values())
    if not all(f.computable for f in owed):
        gap = derive("pro rata", None, "KRW", owed)
        return {"paid": gap, "residue": gap, "excess": gap}
    owed_by = {k: f.number() for k, f in claims.rows().items()}
    result = pro_rata(owed_by, pool.number(), WON)
    rows = {
        k: apply(
            "min({0}, {2} × {0} / total of {1}), rounded down",
            "KRW",
            (claims.rows()[k], claims, pool, share),
            partial(Fraction, v),
        )
        for k, v in result.paid.items()
    }
    return {
        "paid": table(rows),
        "residue": apply("min({1}, total of {0}) - paid", "KRW", inputs, lambda: result.residue),
        "excess": apply("max(0, {1} - total of {0})", "KRW", inputs, lambda: result.excess),
    }
