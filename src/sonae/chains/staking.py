"""Staked ether as the venue's own beacon node states it, validator by validator.

The coins of a wallet are complete only with those that its validators hold, so a validator that
the node does not answer for makes the source incomplete. A balance is in gwei; what a penalty took
is no longer there and shows as a shortage, which is the firm's to make up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sonae.chains.node import Block, NodeError
from sonae.core.finding import Finding
from sonae.core.text import Text

GWEI = 10**9
"""Wei in one gwei, the unit of the beacon chain."""
_SLASHED = Text(
    "{holding}: バリデーター{v}は処罰（スラッシング）を受けた。減った{q} weiは不足として補い、"
    "規約に定めのない限り利用者に負担させない",
    "{holding}: validator {v} was slashed; the {q} wei that are gone are a shortage to be topped "
    "up, and not the customers' loss unless their terms say so",
)


@dataclass(frozen=True, slots=True)
class Validator:
    """One validator: balance in wei, whether it was slashed, who its withdrawals go to."""

    id: str
    units: int
    slashed: bool
    withdrawal: str


def slot_of(genesis: Any, spec: Any, block: Block) -> int:
    """The slot of a block, from answers to `/eth/v1/beacon/genesis` and `/eth/v1/config/spec`.

    Raises:
        NodeError: an answer is not whole, or the block's time is that of no slot.
    """
    try:
        start = int(genesis["data"]["genesis_time"])
        length = int(spec["data"]["SECONDS_PER_SLOT"])
        slot, rest = divmod(int(block.time.timestamp()) - start, length)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise NodeError(f"the beacon node does not say when slots begin: {error}") from error
    if rest or slot < 0:
        raise NodeError(f"block {block.hash} is of no slot of this beacon chain")
    return slot


def read_validators(answer: Any, ids: Sequence[str]) -> list[Validator]:
    """Validators of an answer to `GET /eth/v1/beacon/states/{state}/validators?id=…`.

    Raises:
        NodeError: the state is not final, or one of `ids` (an index or a public key) is missing.
    """
    if not isinstance(answer, Mapping) or not isinstance(answer.get("data"), list):
        raise NodeError("the beacon node sent no validators")
    if answer.get("finalized") is not True or answer.get("execution_optimistic") is not False:
        raise NodeError("the beacon node's state is not final, or not checked by its own node")
    found: dict[str, Validator] = {}
    for row in answer["data"]:
        try:
            own = row["validator"]
            credentials = str(own["withdrawal_credentials"]).lower()
            one = Validator(
                str(row["index"]),
                int(row["balance"]) * GWEI,
                own["slashed"] is True,
                "0x" + credentials[-40:] if credentials[:4] in ("0x01", "0x02") else "",
            )
            found |= {one.id: one, str(own["pubkey"]): one}
        except (KeyError, TypeError, ValueError) as error:
            raise NodeError(f"a validator that is not whole: {error}") from error
    missing = [i for i in ids if i not in found]
    if missing:
        raise NodeError(f"staked coins are missing: no answer for validator {', '.join(missing)}")
    return [found[i] for i in ids]


def staked(
    holding: str, address: str, validators: Sequence[Validator], before: Mapping[str, int]
) -> tuple[int, list[Finding]]:
    """Wei that a wallet has staked, and findings; `before` is each validator's former balance.

    Raises:
        NodeError: withdrawals of a validator go elsewhere, or one validator is named twice.
    """
    if len({v.id for v in validators}) != len(validators):
        raise NodeError(f"{holding}: a validator is named twice")
    other = [v.id for v in validators if v.withdrawal != address.lower()]
    if other:
        raise NodeError(f"{holding}: withdrawals of validator {', '.join(other)} go elsewhere")
    found = []
    for one in validators:
        if one.slashed:
            lost = max(0, before.get(one.id, 32 * 10**18) - one.units)
            words = _SLASHED.format(holding=holding, v=one.id, q=lost)
            found.append(Finding("validator-slashed", "warning", words, holding))
    return sum(v.units for v in validators), found
