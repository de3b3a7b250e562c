"""What the reserve is made of: one registered asset, as it is signed into the ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from sonae.core.errors import Problem
from sonae.core.text import Text

KINDS = (
    "cash",
    "trust_deposit",
    "fixed_deposit",
    "bond",
    "coin",
    "bank_guarantee",
    "insurance_receivable",
)
TITLES = ("own_account", "pledged", "trust_for_customers", "deposited")
REMOTE = ("yes", "no", "untested")
DATED = ("fixed_deposit", "bond")
"""Kinds that have a maturity."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TEXTS = ("holder", "evidence")
_CODES: Mapping[str, tuple[str, ...]] = {
    "kind": KINDS,
    "title": TITLES,
    "bankruptcy_remote": REMOTE,
}
KEYS = {"id", "unit", "own_issue", "guarantee", "matures_on", "accepted_on", *_TEXTS, *_CODES}


def asset_problems(
    asset: Mapping[str, Any], units: Mapping[str, int], file: str = "asset"
) -> list[Problem]:
    """Everything wrong with an asset: holder, title, remoteness and evidence are always stated.

    An insurance receivable counts only once the insurer accepted the claim: `accepted_on` is that
    day. A fixed deposit or bond states `matures_on`.
    """
    faults: list[Problem] = []

    def fault(key: str, ja: str, en: str) -> None:
        faults.append(Problem("bad-setting", "fund", Text(ja, en), file, key=f"asset.{key}"))

    if not isinstance(asset.get("id"), str) or not _ID.fullmatch(asset["id"]):
        fault("id", "英数字・._-で64字まで", "letters, digits, . _ - up to 64")
    if asset.get("unit") not in units:
        fault("unit", f"使える値: {', '.join(units)}", f"one of {', '.join(units)}")
    for key, codes in _CODES.items():
        if asset.get(key) not in codes:
            fault(key, f"使える値: {', '.join(codes)}", f"one of {', '.join(codes)}")
    for key in _TEXTS:
        if not isinstance(asset.get(key), str) or not asset[key]:
            fault(key, "文字列が必要", "text is needed")
    for key in ("own_issue", "guarantee"):
        if type(asset.get(key, False)) is not bool:
            fault(key, "true か false", "true or false")
    if asset.get("kind") in DATED and not _date(asset.get("matures_on")):
        fault("matures_on", "満期日（YYYY-MM-DD）が必要", "the day of maturity (YYYY-MM-DD)")
    if asset.get("kind") == "insurance_receivable" and not _date(asset.get("accepted_on")):
        fault(
            "accepted_on",
            "保険者が支払を承諾した日（YYYY-MM-DD）が必要。承諾前は準備金資産でない",
            "the day the insurer accepted the claim; before that it is no asset of the reserve",
        )
    for odd in sorted(set(asset) - KEYS):
        fault(odd, "知らない項目", "an unknown key")
    return faults


def _date(text: Any) -> bool:
    try:
        date.fromisoformat(text)
    except (TypeError, ValueError):
        return False
    return True
