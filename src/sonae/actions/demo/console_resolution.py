"""Resolution for the demo console: the fictional exchange closed, sealed, packed and taken over.

The smallest story of `sonae demo estate` by the same acts, with today's clock: its pack is as old
as its Books. Keys are made anew; shares and secret keys are deleted once they were used.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sonae.actions.close import close_books
from sonae.actions.console.home import CLOSES
from sonae.actions.console.proof import PROOFS
from sonae.actions.console.resolution import CHECKLIST, DRILLS, PACKS, READY, RECIPIENTS
from sonae.actions.demo.close import demo_books
from sonae.actions.demo.estate import FIRM, FROZEN, recipients_of
from sonae.actions.keys import load_key, new_key
from sonae.actions.pack.keep import made_and_logged, restore_test
from sonae.actions.pack.keys import LOG, REGISTER, SHARES, answer, check_share, make_keys, today
from sonae.actions.pack.make import Wanted, public_word
from sonae.actions.pack.open import Opening, open_pack
from sonae.actions.seal.books import seal_books
from sonae.actions.seal.make import sealing
from sonae.actions.seal.receipt import prove_account, write_receipt
from sonae.actions.takeover.drill import start_drill, step_drill
from sonae.actions.takeover.open import make_checklist, open_estate
from sonae.actions.takeover.ready import readiness
from sonae.core.text import Text
from sonae.rulebook.draft import shipped

Step = Callable[[Text], None]
HOLDERS = ("A", "B", "C", "D", "E")
PACK = "day.pack.age"
CUSTOMER = "A01"
SHIFT = (("2026-11-20", "2026-11-19"), ("2026-11-21", "2026-11-20"))
"""The cut-off and what is around it, one day earlier."""


def resolution(home: Path, step: Step) -> None:
    """A fourth firm of the demo: what an administrator would find of it."""
    firm, books = home / FIRM, demo_books(FIRM)
    packs, desk = firm / PACKS, firm / "desk"
    desk.mkdir(parents=True)
    step(Text(f"{FIRM}を締めて封緘する", f"closing and sealing {FIRM}"))
    for name in ("seal", "sign"):
        new_key(desk / f"{name}.key")
    before = _day_before(books, firm, desk / "seal.key")
    fresh, how = home / ".close", sealing(desk / "seal.key", before)
    closed = close_books(books, assume=shipped(), out=fresh, sealing=how)
    close = firm / CLOSES / closed.document["on"]
    close.parent.mkdir(parents=True)
    fresh.rename(close)
    write_receipt(prove_account(close, CUSTOMER), desk / "receipt.json")
    step(Text(f"{FIRM}の引継ぎを訓練する", f"drilling the take-over of {FIRM}"))
    make_keys(packs, 3, len(HOLDERS), HOLDERS)
    (packs / RECIPIENTS).write_text(recipients_of(packs, REGISTER), "utf-8")
    wanted = Wanted(books, close, packs / RECIPIENTS, desk / "sign.key", packs / PACK)
    made_and_logged(wanted, packs / LOG, lambda _: None)
    shares = tuple(packs / SHARES / f"share-{n}.txt" for n in (1, 3, 5))
    for number in (1, 3, 5):
        said = answer(packs / SHARES / f"share-{number}.txt", today().year)
        check_share(packs, number, said["answer"])
    opening = Opening(packs / PACK, None, shares, public_word(load_key(desk / "sign.key").public))
    restore_test(opening, packs / LOG, "demo", lambda _: None)
    _drill(firm, opening, desk / "sign.key")
    shutil.rmtree(packs / SHARES)


def _day_before(books: Path, firm: Path, key: Path) -> Path:
    """A seal of the same Books a day earlier, so that the log has two entries."""
    copied = firm / "desk" / "books-before"
    shutil.copytree(books, copied)
    for file in (p for p in copied.iterdir() if p.suffix in (".toml", ".csv")):
        text = file.read_text("utf-8")
        for day, earlier in SHIFT:
            text = text.replace(day, earlier)
        file.write_text(text, "utf-8")
    out = firm / PROOFS / SHIFT[0][1]
    seal_books(copied, out, sealing(key))
    return out


def _drill(firm: Path, opening: Opening, key: Path) -> None:
    """Open the pack as somebody who has the file and shares alone, each step by the clock."""
    opened, record = firm / "desk" / "opened", firm / DRILLS / "1.jsonl"
    open_pack(opening, opened)
    start_drill(opened, record, key)
    for done in ("pack_opened", "keys_collected"):
        step_drill(record, done, key)
    open_estate(opened, None)
    for done in ("totals_rebuilt", "customer_view", "signers_listed"):
        step_drill(record, done, key)
    make_checklist(opened, firm / CHECKLIST, datetime.fromisoformat(FROZEN), None)
    step_drill(record, "finish", key)
    readiness(opened, firm / READY, firm / PACKS / REGISTER, [record])
