"""What the demo console knows of risk: the loss model and two past events on shipped books."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from sonae.actions.demo.close import demo_books
from sonae.actions.files import json_bytes
from sonae.actions.loss.mix import mix_books, write_mix
from sonae.actions.loss.replay import replay_event
from sonae.actions.loss.reserve import reserve_of
from sonae.core.text import Text

RATE = "USD=158"
"""Yen for a dollar at the end of May 2024, as in the guide (from memory, and marked so)."""
DRAFT, VARIANT = "jp.proposal.custody-value", "jp.proposal.custody-value.5pct"
PRICE = (Fraction(9, 100), Fraction(995, 1000))
"""Cost of a yen held in cash for a year, and the level of the tail: the defaults of `mix`."""
FIRM = "dmm-bitcoin"
REPLAYS = (("dmm-2024", "0.3"), ("coincheck-2018", ""))


def risk(home: Path, step: Callable[[Text], None]) -> None:
    """The reserve of the model and replays of events on the books of DMM Bitcoin."""
    books, folder = demo_books(FIRM), home / FIRM / "loss"
    step(Text("損失モデルを計算する", "asking the loss model"))
    reserve_of(books, rates=(RATE,), out=folder / "reserve")
    step(Text("現金と保険の組合せを比べる", "comparing mixes of cash and insurance"))
    write_mix(folder / "mix", mix_books(books, DRAFT, *PRICE, seed=1, variant=VARIANT))
    (folder / "replays").mkdir(parents=True)
    for event, run in REPLAYS:
        found = replay_event(event, books, rates=(RATE,), share=run)
        (folder / "replays" / f"{event}.json").write_bytes(json_bytes(found))
