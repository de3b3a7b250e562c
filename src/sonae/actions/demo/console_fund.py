"""The demo's reserve: a real ledger of one venue with a proposal that waits, and its plan.

Made by the commands' own actions with keys that are thrown away; the people are invented, and so
are the amounts, which say so in the name of the fund.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sonae.actions.demo.close import demo_books
from sonae.actions.files import json_bytes, replace_file
from sonae.actions.fund.gates import approve
from sonae.actions.fund.plan import plan_fund
from sonae.actions.fund.requests import read_request
from sonae.actions.fund.session import at, found_fund
from sonae.actions.keys import new_key
from sonae.core.text import Text

FIRM, TARGET = "dmm-bitcoin", date(2027, 7, 22)
DRAFT, VARIANT = "jp.proposal.custody-value", "5pct"
PEOPLE: Mapping[str, tuple[str, str]] = {
    "finance": ("経理担当（架空）", '"preparer"'),
    "risk": ("リスク管理担当（架空）", '"approver", "releaser"'),
    "treasury": ("財務担当（架空）", '"approver"'),
}
CONSTITUTION = """[fund]
name = "demo"
entity = "dmm-bitcoin (demo)"
currency = "JPY"
reserve_class = "voluntary_reserve"
expiry_hours = 8784
[units]
JPY = 0
BTC = 8
[[limit]]
kinds = ["*"]
up_to = 1_000_000_000
approvals = 1
[[limit]]
kinds = ["*"]
approvals = 2
"""
TRUST = {
    "id": "TRUST-1", "kind": "trust_deposit", "unit": "JPY", "holder": "demo trust bank",
    "title": "trust_for_customers", "bankruptcy_remote": "yes", "evidence": "demo deed",
}  # fmt: skip
STEPS: tuple[tuple[dict[str, Any], tuple[str, ...]], ...] = (
    ({"kind": "asset", "asset": TRUST}, ("risk",)),
    ({"kind": "set_aside", "amount": "1000000000", "asset": "TRUST-1",
      "reason": "計画の第1回"}, ("risk",)),
    ({"kind": "contribute", "asset": "TRUST-1", "amount": "1200000000",
      "reason": "計画の第2回"}, ("risk", "treasury")),
    ({"kind": "release", "asset": "TRUST-1", "amount": "200000000",
      "reason": "根拠の記載なし（拒まれる例）"}, ()),
    ({"kind": "contribute", "asset": "TRUST-1", "amount": "600000000",
      "reason": "計画の第3回"}, ()),
)  # fmt: skip
"""Requests and who approves each; the release is refused, the last waits."""


def fund(home: Path, step: Callable[[Text], None]) -> None:
    """Begin the ledger, run the steps, write the plan."""
    step(Text("準備金の元帳を作る", "making a reserve ledger"))
    store = home / FIRM / "fund.db"
    on = date.fromisoformat(max(p.name for p in (home / FIRM / "closes").iterdir()))
    with tempfile.TemporaryDirectory(prefix="sonae-demo-") as name:
        keys = {who: Path(name) / f"{who}.key" for who in PEOPLE}
        people = "".join(
            f'[[person]]\nid = "{who}"\nname = "{PEOPLE[who][0]}"\nroles = [{PEOPLE[who][1]}]\n'
            f'public_key = "{new_key(key).public.hex()}"\n'
            for who, key in keys.items()
        )
        file = Path(name) / "fund.toml"
        file.write_text(CONSTITUTION + people, encoding="utf-8")
        found_fund(file, str(store), keys["finance"])
        for who in ("risk", "treasury"):
            _approve(store, keys[who], 1)
        for request, approvers in STEPS:
            with at(str(store), keys["finance"]) as session:
                wanted = read_request({**request, "on": on}, file, session.ledger.view)
                seq = session.propose(wanted).seq
            for who in approvers:
                _approve(store, keys[who], seq)
    step(Text("準備金の計画を立てる", "planning the reserve"))
    plan = plan_fund(demo_books(FIRM), DRAFT, TARGET, variant=VARIANT, fund=str(store))
    replace_file(home / FIRM / "fund-plan.json", json_bytes(plan), 0o644)


def _approve(store: Path, key: Path, seq: int) -> None:
    with at(str(store), key) as session:
        approve(session, seq)
