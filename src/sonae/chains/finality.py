"""When a block counts as final, by chain; and whether an earlier block is still there.

Ethereum since its move to proof of stake says itself which block is final (`finalized`); Bitcoin
never does, so that a number of blocks on top is a house rule. A reorganisation is noticed by
asking for the block at the same height again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sonae.chains.node import Block, Ledger, NodeError
from sonae.core.finding import Finding
from sonae.core.text import Text

NAMES = ("finalized", "safe")
_GONE = Text(
    "{chain}: 高さ{height}のブロック {former} は {now} に置き換わった（再編成）。"
    "このブロックで読んだ残高と、それに依る証明は読み直しが必要",
    "{chain}: block {former} at height {height} was replaced by {now} (reorganised); balances read "
    "at it, and proofs that rest on it, must be read again",
)
_STALE = Text(
    "{chain}: 最後の確定ブロック（高さ{height}）は{minutes}分前のもの。上限は{limit}分。"
    "チェーンかノードが止まっている",
    "{chain}: the last final block (height {height}) is {minutes} minutes old, the limit is "
    "{limit}; the chain or the node has halted",
)
_ACCEPTED = Text("。{by}が承認した", "; accepted by {by}")


@dataclass(frozen=True, slots=True)
class Rule:
    """A name that the node knows, or how many blocks must exist, the block itself counted."""

    name: str = ""
    confirmations: int = 0


@dataclass(frozen=True, slots=True)
class Reorganised:
    """An earlier block that is no longer in the best chain; `now` is None where none is there."""

    chain: str
    former: Block
    now: Block | None

    def finding(self) -> Finding:
        """What people must do about it."""
        now = self.now.hash if self.now else "-"
        words = _GONE.format(
            chain=self.chain, height=self.former.height, former=self.former.hash, now=now
        )
        return Finding("block-reorganised", "breach", words, self.chain)


def final_block(ledger: Ledger, rule: Rule) -> Block:
    """The last block that the rule calls final.

    Raises:
        NodeError: the chain is shorter than that, or the node does not know the name.
    """
    if rule.name:
        found = ledger.block(rule.name)
        if found is None:
            raise NodeError(f"the node knows no {rule.name} block")
        return found
    if rule.confirmations < 1:
        raise NodeError("finality needs a name or at least one confirmation")
    head = ledger.block("latest")
    height = -1 if head is None else head.height - rule.confirmations + 1
    found = ledger.block(height) if height >= 0 else None
    if found is None:
        raise NodeError(f"the chain has no block with {rule.confirmations} confirmations")
    return found


def final_at(ledger: Ledger, rule: Rule, at: datetime) -> Block:
    """The last final block that is no later than `at`, by the blocks' own times.

    Raises:
        NodeError: every block is later.
    """
    found = final_block(ledger, rule)
    if found.time <= at:
        return found
    low, high = -1, found.height  # a block at `low` is early enough, one at `high` is not
    early: Block | None = None
    while high - low > 1:
        middle = ledger.block((low + high) // 2)
        if middle is None:
            raise NodeError(f"the node has no block {(low + high) // 2}")
        if middle.time <= at:
            low, early = middle.height, middle
        else:
            high = middle.height
    if early is None:
        raise NodeError(f"the chain has no block before {at.isoformat()}")
    return early


def final_named(ledger: Ledger, rule: Rule, hash: str) -> Block:
    """The block of that hash.

    Raises:
        NodeError: it is not in the best chain, or not final yet.
    """
    found = ledger.named(hash)
    if found is None or replaced(ledger, "", found):
        raise NodeError(f"block {hash} is not in the chain")
    if found.height > final_block(ledger, rule).height:
        raise NodeError(f"block {hash} is not final yet")
    return found


def replaced(ledger: Ledger, chain: str, former: Block) -> Reorganised | None:
    """None while the best chain has that block; else what stands at its height now."""
    now = ledger.block(former.height)
    return None if now is not None and now.hash == former.hash else Reorganised(chain, former, now)


def halted(
    chain: str, block: Block, now: datetime, most: timedelta, by: str = ""
) -> Finding | None:
    """A finding where the last final block is older than `most`; `by` is who accepts that."""
    age = now - block.time
    if age <= most:
        return None
    minute = timedelta(minutes=1)
    words = _STALE.format(
        chain=chain, height=block.height, minutes=age // minute, limit=most // minute
    )
    if by:
        words = Text(words.ja + _ACCEPTED.format(by=by).ja, words.en + _ACCEPTED.format(by=by).en)
    return Finding("chain-stale", "warning" if by else "breach", words, chain)
