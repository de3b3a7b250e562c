"""A cause that becomes known: what is routed anew, and that no payment is taken back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from sonae.claims.incident import CAUSES
from tests.claims.test_incident import FIXED, INCIDENT, books, done, incident, valued
from tests.command import sonae

__all__ = ["books"]
PAID = """
[[step]]
kind = "paid"
asset = "JPY"
amount = "{amount}"
on = 2026-12-0{day}
evidence = "bank file 1"
"""
FUNDS = '[[funds]]\nkind = "insurance"\namount = "100"\n[[funds]]\nkind = "reserve"\namount = "5"\n'


def versions(folder: Path, *more: str, old: str = INCIDENT, cause: str = "insider") -> Any:
    """The file, and a later one that names it, with another cause."""
    first = incident(folder, FIXED, *more, base=old).rename(folder / "old.toml")
    digest = hashlib.sha256(first.read_bytes()).hexdigest()
    text = first.read_text("utf-8").replace("undetermined", cause, 1)
    link = f'confidence = "derived"\nreplaces = "{digest}"\nreason = "report of the investigators"'
    second = folder / "new.toml"
    second.write_text(text.replace('confidence = "derived"', link, 1), encoding="utf-8")
    return first, second


def compared(old: Path, new: Path, *words: str | Path) -> Any:
    for lang in ("ja", "en"):
        assert sonae("incident", "compare", old, new, "--lang", lang, *words).code == 0
    return done(sonae("incident", "compare", old, new, "--json", *words))


def test_a_later_cause_routes_reports_and_grounds_anew_and_leaves_payments(tmp_path: Path) -> None:
    old, new = versions(tmp_path, PAID.format(amount="700000000", day=1), FUNDS)
    found = compared(old, new)
    assert found["cause"] == {"before": "undetermined", "after": "insider"}
    assert found["reason"] == "report of the investigators"
    changed = {
        k: {r["at"]: (r["before"], r["after"]) for r in v} for k, v in found["changed"].items()
    }
    assert set(changed) == {"cause", "clocks", "ground"}
    assert changed["clocks"] == {
        "personal_data_final.due": ("2026-12-20", "2027-01-19"),  # 60 days where it is wrongful
    }
    assert changed["ground"]["usable"] == (None, True)
    assert changed["ground"]["incident_class"] == (None, "118-1-ホ")
    payments = found["payments"]
    assert (payments["count"], payments["added"]) == (1, [])
    assert payments["digest_before"] == payments["digest_after"]
    opened = done(sonae("incident", "open", new, "--json"))
    assert opened["replaces"] == hashlib.sha256(old.read_bytes()).hexdigest()


def test_an_error_of_the_firm_is_no_matter_for_the_police(tmp_path: Path) -> None:
    found = compared(*versions(tmp_path, cause="system_failure"))
    gone = {r["at"]: r["after"] for r in found["changed"]["clocks"]}
    assert gone == {"police": None}


def test_payments_may_be_added_and_are_never_taken_out_or_changed(tmp_path: Path) -> None:
    old, new = versions(tmp_path, PAID.format(amount="7", day=3))
    base = new.read_text("utf-8")
    new.write_text(base + PAID.format(amount="9", day=1) + PAID.format(amount="7", day=3))
    payments = compared(old, new)["payments"]
    assert sorted(p["amount"] for p in payments["added"]) == ["7", "9"]
    assert payments["digest_before"] == payments["digest_after"]
    for text in (base.replace('amount = "7"', 'amount = "6"'), base.split("[[step]]")[0]):
        new.write_text(text, encoding="utf-8")
        said = sonae("incident", "compare", old, new, "--json")
        assert said.code == 3
        assert [p["key"] for p in said.json()["problems"]] == ["step"]


@pytest.mark.parametrize(
    ("was", "now", "key"),
    [
        ('replaces = "', 'replaces = "0', "incident.replaces"),
        ('id = "INC-1"', 'id = "INC-2"', "incident.id"),
        ('entity = "Test Exchange K.K."', 'entity = "Other"', "incident.entity"),
        ("occurred_at = 2026-11-20T10", "occurred_at = 2026-11-20T09", "incident.occurred_at"),
    ],
)
def test_a_file_that_is_no_later_version_is_refused(
    tmp_path: Path, was: str, now: str, key: str
) -> None:
    old, new = versions(tmp_path)
    text = new.read_text("utf-8")
    assert was in text
    new.write_text(text.replace(was, now, 1), encoding="utf-8")
    said = sonae("incident", "compare", old, new, "--json")
    assert said.code == 3
    assert [p["key"] for p in said.json()["problems"]] == [key]


def test_the_frozen_list_stands_under_the_earlier_version(tmp_path: Path, books: Path) -> None:
    old, new = versions(tmp_path)
    sonae("fund", "key", tmp_path / "ben.key")
    words = ("--method", "at-loss", "--key", tmp_path / "ben.key", "--out", tmp_path / "v1")
    frozen = done(sonae("claims", "freeze", books, old, "--json", *words))
    found = compared(old, new, "--frozen", tmp_path / "v1")["frozen"]
    assert found["table_digest"] == frozen["table_digest"]
    assert found["frozen_under"] == "earlier"
    assert valued(books, old)["methods"] == valued(books, new)["methods"]
    document = tmp_path / "v1" / "entitlements.json"
    document.write_text(json.dumps(json.loads(document.read_text("utf-8")) | {"accounts": 2}))
    assert sonae("incident", "compare", old, new, "--frozen", tmp_path / "v1").code == 3


def test_a_frozen_list_of_another_incident_is_refused(tmp_path: Path, books: Path) -> None:
    old, new = versions(tmp_path)
    sonae("fund", "key", tmp_path / "ben.key")
    other = incident(tmp_path, FIXED, base=INCIDENT.replace("INC-1", "INC-9"))
    words = ("--method", "at-loss", "--key", tmp_path / "ben.key", "--out", tmp_path / "v1")
    done(sonae("claims", "freeze", books, other, "--json", *words))
    said = sonae("incident", "compare", old, new, "--frozen", tmp_path / "v1")
    assert said.code == 3
    assert "INC-9" in said.err


def test_money_that_comes_back_later_and_another_order_are_shown_as_changes(tmp_path: Path) -> None:
    """The later file knows of a policy's own order and of money recovered; the gap closes."""
    old, new = versions(tmp_path, FUNDS)
    more = """
[[step]]
kind = "recovered"
asset = "JPY"
amount = "699999999"
on = 2027-01-10
evidence = "seized"
[recoveries]
order = ["insurance", "customers", "firm", "reserve"]
source = "policy 7, clause 12"
"""
    new.write_text(new.read_text("utf-8") + more, encoding="utf-8")
    found = compared(old, new)
    changed = {r["at"]: (r["before"], r["after"]) for r in found["changed"]["recoveries"]}
    assert changed["source"] == (None, "policy 7, clause 12")
    assert changed["to.insurance"] == ("0", "100")
    assert changed["gap"] == ("699999895", "0")
    assert "waterfall" not in found["changed"]
    assert found["payments"]["digest_before"] == found["payments"]["digest_after"]


@pytest.mark.parametrize("cause", [c for c in CAUSES if c != "undetermined"])
def test_whatever_the_cause_becomes_coins_stay_owed_and_their_clock_the_same(
    tmp_path: Path, cause: str
) -> None:
    found = compared(*versions(tmp_path, cause=cause))
    assert found["cause"]["after"] == cause
    assert "natures" not in found["changed"]
    assert "refill" not in found["changed"]
