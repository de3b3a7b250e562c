"""`sonae report exposure`: what an insurer is told per tier and signing domain, and not told."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from sonae.core.text import LANGS, Lang
from tests.command import Said, sonae
from tests.kit import asset, balance, clean, holding, price
from tests.report.filed import DRAFT, close_day, number, pages, squeezed, tables

DAYS = ("2026-11-17", "2026-11-18", "2026-11-20")
ODD = "taro@example.com"
"""An address that stands in the Books and must stand in no list."""


def books(n: int) -> dict[str, list[dict[str, object]]]:
    """Two assets in two domains, one domain in both tiers; a wallet address and a customer."""
    held = [
        holding("v1", "BTC", 60_0000_0000 + n, signing_domain="vault-a", address="bc1qsecret"),
        holding("v2", "BTC", 30_0000_0000, signing_domain="vault-b"),
        holding("h1", "BTC", 10_0000_0000, signing_domain="vault-b", tier="hot"),
        holding("e1", "ETH", 5_0000_0000, signing_domain="vault-a"),
        holding("own", "BTC", 10_0000_0000, owner="guarantee", signing_domain="vault-b"),
    ]
    people = [
        {"customer_id": "C1", "kind": "person", "name": "鈴木太郎", "email": ODD},
        {"customer_id": "C2", "kind": "person", "name": "鈴木花子", "email": "h@example.com"},
    ]
    owed = [*clean()["balances"], balance("A1", "ETH", 5_0000_0000)]
    return {
        "assets": [*clean()["assets"], asset("ETH")],
        "holdings": held,
        "prices": [*clean()["prices"], price("ETH", "500000")],
        "balances": [dict(r) for r in owed],
        "customers": people,
    }


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("exposure")
    for n, on in enumerate(DAYS):
        close_day(found, on, more=books(n))
    return found


def said(root: Path, out: Path, *words: str) -> Said:
    return sonae(
        *("report", "exposure", root / "closes", "--out", out / "e.pdf"),
        *("--xlsx", out / "e.xlsx", "--json", *words),
    )


def test_tiers_and_domains_are_the_same_money_as_the_close(root: Path, tmp_path: Path) -> None:
    """Sums in the workbook over every day, against the value of what is held in close.json."""
    found = said(root, tmp_path, "--lang", "en").json()
    sheets = tables(tmp_path / "e.xlsx")
    for day in found["days"]:
        file = root / "closes" / day["on"] / "close.json"
        close = json.loads(file.read_bytes())
        values = {f["id"]: f["value"] for f in close["figures"]}
        coins = [r for r in close["reconciliation"] if r["kind"] != "fiat"]
        held = sum(Fraction(values[r["value"]["held"]]) for r in coins)
        assert Fraction(day["total"]) == held
        for name in ("parts", "assets"):
            mine = [r for r in sheets[name] if r["Day"] == day["on"]]
            assert sum(number(r["Value (JPY)"]) for r in mine) == held
        assert sum(Fraction(v) for v in day["domains"].values()) == held
        for tier in ("hot", "cold"):
            picked = [r["held"][tier] for r in coins]
            prices = [Fraction(r["price"]) for r in coins]
            worth = sum(Fraction(q) * p for q, p in zip(picked, prices, strict=True))
            assert Fraction(day["tiers"][tier]) == worth
    cells = {(p["tier"], p["domain"]): p for p in found["days"][0]["parts"]}
    assert set(cells) == {("cold", "vault-a"), ("cold", "vault-b"), ("hot", "vault-b")}
    assert cells["cold", "vault-a"]["assets"]["ETH"]["quantity"] == "5"
    assert found["days"][0]["largest"]["domain"] == "vault-a"


def test_own_coins_stand_apart(root: Path, tmp_path: Path) -> None:
    found = said(root, tmp_path, "--lang", "en").json()
    assert [(o["owner"], o["quantity"]) for o in found["days"][0]["own"]] == [("guarantee", "10")]
    assert {r["Kind"] for r in tables(tmp_path / "e.xlsx")["own coins"]} == {"guarantee assets"}


@pytest.mark.parametrize("lang", LANGS)
def test_no_person_account_or_address_is_in_it(root: Path, tmp_path: Path, lang: Lang) -> None:
    answer = said(root, tmp_path, "--lang", lang)
    words = squeezed(tmp_path / "e.pdf") + answer.out
    for sheet in tables(tmp_path / "e.xlsx").values():
        words += " ".join(v for row in sheet for v in row.values())
    for secret in (ODD, "鈴木", 'C1"', "A1", "bc1qsecret"):
        assert secret not in words


def test_a_day_without_a_close_is_named(root: Path, tmp_path: Path) -> None:
    answer = said(root, tmp_path, "--lang", "en")
    assert answer.code == 1
    assert answer.json()["days_without_close"] == ["2026-11-19"]
    one = said(root, tmp_path, "--lang", "en", "--from", "2026-11-20")
    assert one.code == 0
    assert [d["on"] for d in one.json()["days"]] == ["2026-11-20"]
    assert said(root, tmp_path, "--from", "2026-12-01").code == 2


def test_closes_of_an_earlier_version_are_told_apart(root: Path, tmp_path: Path) -> None:
    """Without parts the domains are still there; tiers are not made up."""
    close = json.loads((root / "closes" / DAYS[0] / "close.json").read_bytes())
    del close["exposure"]["parts"]
    (tmp_path / "close.json").write_text(json.dumps(close), "utf-8")
    answer = sonae("report", "exposure", tmp_path / "close.json", "--json")
    assert answer.code == 1
    [day] = answer.json()["days"]
    assert (day["tiers"], day["parts"]) == ({}, [])
    assert day["total"] is not None
    assert [o["name"] for o in answer.json()["open"]] == ["close-without-tiers"]


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_closes_are_the_same_list(root: Path, tmp_path: Path, lang: Lang) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        said(root, tmp_path / name, "--lang", lang)
    for file in ("e.pdf", "e.xlsx"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert b"<pdfaid:part>3</pdfaid:part>" in (tmp_path / "a" / "e.pdf").read_bytes()


def test_a_proposal_assumed_marks_every_page(tmp_path: Path) -> None:
    close_day(tmp_path, "2026-11-20", assume=(DRAFT,), more=books(0))
    assert said(tmp_path, tmp_path, "--lang", "en").json()["assumed"] == [DRAFT]
    assert all("PROPOSED – NOT TO BE FILED" in page for page in pages(tmp_path / "e.pdf"))
