"""One path: a firm's Books, their pack, opened, taken over, planned and shared out, by commands."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pyrage
import pytest

from sonae.actions.keys import load_key, new_key
from sonae.actions.pack.make import public_word
from tests.command import Said, contents, sonae
from tests.estate import firm
from tests.estate.firm import BTC, FROZEN, TO
from tests.kit import balance, clean, edit, holding, statement, write

RECIPIENTS = """
[pack]
release = {{ ja = "破産手続開始の決定", en = "a court order" }}
next_check = 2027-03-31
outside = "Vault"
outside_ground = {{ ja = "契約", en = "agreement" }}
stale_after_hours = 48
keep_keys_days = 400
[[pack.call]]
name = "Sato"
role = "counsel"
phone = "by hand"
[[recipient]]
name = "Trustee"
role = "trustee"
key = "{one}"
ground = {{ ja = "契約", en = "agreement" }}
confidence = "memory"
[[recipient]]
name = "Supervisor"
role = "supervisor"
key = "{two}"
ground = {{ ja = "監督", en = "supervision" }}
confidence = "memory"
"""
PEOPLE = [
    {
        "customer_id": f"C{n}",
        "kind": kind,
        "name": f"Person {n}",
        "payout_bank": "0001",
        "payout_account": str(n),
        "payout_verified_on": day,
    }
    for n, kind, day in ((1, "person", "2026-10-01"), (2, "related", ""))
]
APART = {"holder": "Test Exchange K.K.", "named_title": "customers", "exclusive_use": "true"}
REGISTER = [
    {"kind": "wallet", "item": "btc-cold", **APART, "trust_deed": "", "no_lien_on": ""},
    {"kind": "wallet", "item": "btc-hot", **APART, "exclusive_use": "false"},
    {"kind": "account", "item": "trust-1", **APART, "named_title": "trust"}
    | {"holder": "Test Trust Bank", "trust_deed": "deed", "no_lien_on": "2026-10-01"}
    | {"no_lien_evidence": "letter"},
]
DEEDS = [
    {
        "instrument_id": id,
        "kind": kind,
        "holder": "Test Trust Bank",
        "title": "trust_for_customers",
        "currency": "JPY",
        "amount": amount,
        "bankruptcy_remote": remote,
    }
    for id, kind, amount, remote in (
        ("D1", "trust_deed", "3000000", "yes"),
        ("D2", "deposit", "200000", "untested"),
        ("D3", "guarantee", "70000", "no"),
    )
]


class Packed(NamedTuple):
    """The opened folder, the file, who signed it and the key that opens it."""

    folder: Path
    file: Path
    signer: str
    identity: Path


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    root = tmp_path_factory.mktemp("estate")
    base = firm.tables()
    rows = base | {
        "customers": PEOPLE,
        "segregation": REGISTER,
        "instruments": DEEDS,
        "holdings": [
            *base["holdings"],
            holding("btc-own", "BTC", 5 * BTC, "house", signing_domain="hot", address="own-1"),
            holding("btc-same", "BTC", 2 * BTC, "buffer", signing_domain="vault", address="own-2"),
            holding("btc-eng", "BTC", BTC, "guarantee", signing_domain="vault", address="own-3"),
        ],
        "balances": [
            *clean()["balances"],
            balance("U1", "BTC", 7, "unidentified", customer_id=""),
        ],
        "statements": [
            *base["statements"],
            statement("old", "1", "house", bank="Test Bank", as_of="2026-11-19"),
            statement("old", "2", "house", bank="Test Bank"),
            statement("keep", "400000", "reserve", bank="Test Bank"),
        ],
    }
    books = write(root / "books", rows, files=firm.FILES)
    new_key(root / "sign.key")
    secrets = [pyrage.x25519.Identity.generate() for _ in range(2)]
    (root / "trustee.txt").write_text(f"{secrets[0]}\n")
    one, two = (str(s.to_public()) for s in secrets)
    (root / "recipients.toml").write_text(RECIPIENTS.format(one=one, two=two), encoding="utf-8")
    sonae("close", books, "--out", root / "day")
    made = sonae(
        *("pack", "make", books, "--close", root / "day", "--sign", root / "sign.key"),
        *("--recipients", root / "recipients.toml", "--out", root / "a.pack.age"),
    )
    assert made.code in (0, 1), made.err
    signer = public_word(load_key(root / "sign.key").public)
    where = Packed(root / "opened", root / "a.pack.age", signer, root / "trustee.txt")
    opened = sonae(
        *("pack", "open", where.file, "--identity", where.identity, "--signer", signer),
        *("--out", where.folder),
    )
    assert opened.code in (0, 1), opened.err
    return where


def plan(packed: Packed, out: Path, *more: str) -> Said:
    return sonae(
        *("estate", "plan", packed.folder, "--proceeding", "bankruptcy", "--out", out, "--json"),
        *("--commencement-on", "2026-11-20", "--record-on", "2026-12-20", *more),
    )


def total(document: dict[str, Any], asset: str) -> dict[str, Any]:
    [found] = [t for t in document["totals"] if t["asset"] == asset]
    return found


def test_an_opened_pack_says_who_can_sign_who_is_verified_and_what_is_kept_apart(
    packed: Packed,
) -> None:
    """E103: all that a take-over asks for is in the pack itself."""
    found = sonae("estate", "open", packed.folder, "--json").json()
    assert found["verified"]
    signers = {w["holding_id"]: w["signers"] for w in found["wallets"]}
    assert signers["btc-cold"] == ["aoi", "ben", "chi"]
    assert {i["item"]: i["state"] for i in found["segregation"]}["btc-hot"] == "would_fall"
    assert found["people"]["verified"] == 1
    assert total(found, "BTC")["unknown_units"] == "7"
    assert [a["amount"] for a in found["accounts"] if a["account"] == "old"] == ["2"]
    text = (packed.folder / "segregation.csv").read_text("utf-8-sig")
    assert "Test Trust Bank" in text
    ready = sonae("estate", "readiness", packed.folder, "--json").json()
    lines = {x["item"]: x["value"] for x in ready["lines"]}
    assert (lines["verified"], lines["people"]) == (1, 2)
    assert "payout-not-known" not in {g["name"] for g in ready["gaps"]}


def test_every_command_of_a_take_over_runs_on_the_opened_pack(
    packed: Packed, tmp_path: Path
) -> None:
    """E103, E105: checklist, letters, sweep and watch from the folder alone."""
    folder = packed.folder
    listed = sonae("estate", "open", folder, "--out", tmp_path / "open")
    assert listed.code == 1
    clock = sonae("estate", "checklist", folder, "--frozen-at", FROZEN, "--json")
    assert clock.code == 0
    assert clock.json()["tasks"]
    wrote = sonae(
        *("estate", "letters", folder, "--writer", "Sato", "--frozen-at", FROZEN),
        *("--out", tmp_path / "letters", "--json"),
    )
    assert {x["kind"] for x in wrote.json()["letters"]} >= {"trust_bank", "bank", "custodian"}
    (tmp_path / "to.csv").write_text(f"asset,chain,address\nBTC,bitcoin,{TO}\n")
    swept = sonae(
        *("estate", "sweep", folder, tmp_path / "to.csv", "--out", tmp_path / "sweep", "--json")
    ).json()
    risks = {b["transfers"][0]["from"]: b["risk"] for b in swept["batches"] if b["transfers"]}
    assert "hot" in risks.values()
    assert swept["totals"]["BTC"]["held"] == str(108 * BTC)
    (tmp_path / "moves.csv").write_text(
        "at,chain,address,to,asset,quantity_decimal,txid\n"
        "2026-11-20T19:00:00+09:00,bitcoin,hot-1,elsewhere,BTC,1,t1\n"
    )
    seen = sonae(
        *("estate", "watch", tmp_path / "open" / "listed.csv", tmp_path / "moves.csv"),
        *("--since", FROZEN, "--plan", tmp_path / "sweep" / "sweep.json", "--json"),
    )
    assert seen.code == 1
    assert "ben" in seen.json()["alarms"][0]["could_sign"]["en"]


def test_a_plan_drafted_from_the_pack_names_pools_reasons_and_what_is_open(
    packed: Packed, tmp_path: Path
) -> None:
    said = plan(packed, tmp_path / "plan")
    assert said.code == 1
    document = said.json()
    pools = {p["id"]: (int(p["amount"]), p["of"]) for p in document["pools"]}
    assert pools == {
        "buffer BTC": (2 * BTC, ["btc-same"]),
        "cash_trust JPY": (1_000_000, ["Test Trust Bank trust-1"]),
        "general JPY": (5_000_002, ["Test Bank house-1", "Test Bank old"]),
        "guarantee BTC not-known": (BTC, ["btc-eng"]),
        "reserve JPY": (3_000_000, ["D1"]),
        "reserve JPY no-deed": (600_000, ["Test Bank keep", "D2"]),
        "segregated BTC": (60 * BTC, ["btc-cold"]),
        "segregated BTC not-known": (30 * BTC, ["btc-kept"]),
    }
    left = {(o["name"], o["subject"]) for o in document["not_placed"]}
    assert left == {("would-fall", "btc-hot"), ("sell-first", "btc-own"), ("to-be-called", "D3")}
    unknown = {(o["name"], o["subject"]) for o in document["not_known"]}
    assert unknown == {
        ("costs", "plan"),
        ("other-claims", "claims"),
        ("insurance", "DIES"),
        ("insurance", "LIVES"),
        ("not-known-apart", "btc-eng"),
        ("not-known-apart", "btc-kept"),
        ("reserve-without-deed", "Test Bank keep"),
        ("deed-untested", "D2"),
        ("unidentified", "BTC"),
    }
    written = tomllib.loads((tmp_path / "plan" / "plan.toml").read_text("utf-8"))
    assert {a["asset"]: a.get("rate") for a in written["asset"]} == {"BTC": "15000000", "JPY": None}
    claims = pq.read_table(tmp_path / "plan" / "claims.parquet").to_pylist()
    assert {(r["claimant"], r["asset"]): (int(r["amount"]), r["flags"]) for r in claims} == {
        ("C1", "BTC"): (60 * BTC, ""),
        ("C1", "JPY"): (1_000_000, ""),
        ("C2", "BTC"): (40 * BTC, "related"),
        ("unidentified", "BTC"): (7, "unverified"),
    }
    assert {r["state"] for r in claims} == {"unfiled"}


def test_the_draft_is_what_distribute_takes_and_everything_adds_up(
    packed: Packed, tmp_path: Path
) -> None:
    """93 BTC for 100 owed: pro rata, related and unknown owners reserved."""
    plan(packed, tmp_path / "plan", "--state", "admitted")
    files = [tmp_path / "plan" / n for n in ("plan.toml", "claims.parquet")]
    done = sonae(
        *("estate", "distribute", files[0], "--claims", files[1]),
        *("--out", tmp_path / "d1", "--json"),
    )
    assert done.code == 0, done.err
    found = done.json()
    btc = found["conservation"]["BTC"]
    owed, held = 100 * BTC + 7, 93 * BTC
    assert int(btc["paid"]) == 60 * BTC * held // owed
    assert int(btc["reserved"]) == 40 * BTC * held // owed + 7 * held // owed
    assert int(btc["pool"]) == sum(int(btc[k]) for k in ("cost", "paid", "reserved", "left"))
    assert found["conservation"]["JPY"]["pool"] == str(1_000_000 + 5_000_002 + 3_600_000)


def test_the_same_pack_gives_the_same_plan_byte_for_byte(packed: Packed, tmp_path: Path) -> None:
    plan(packed, tmp_path / "a")
    plan(packed, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_price_of_another_day_is_not_taken_for_that_of_commencement(
    packed: Packed, tmp_path: Path
) -> None:
    """Without a rate it is named; the pack's price or one of the administrator's must be asked."""

    def rate(name: str, *more: str) -> tuple[Any, set[str]]:
        said = sonae(
            *("estate", "plan", packed.folder, "--proceeding", "rehabilitation", "--json"),
            *("--commencement-on", "2026-12-01", "--record-on", "2026-12-20", *more),
            *("--out", tmp_path / name),
        )
        assets = tomllib.loads((tmp_path / name / "plan.toml").read_text("utf-8"))["asset"]
        [btc] = [a for a in assets if a["asset"] == "BTC"]
        return btc.get("rate"), {o["name"] for o in said.json()["not_known"]}

    found, names = rate("none")
    assert found is None
    assert "no-rate" in names
    found, names = rate("pack", "--at-pack-prices")
    assert found == "15000000"
    assert "rate-of-the-pack" in names
    (tmp_path / "rates.csv").write_text("asset,rate\nBTC,14000000.5\n")
    found, names = rate("own", "--rates", str(tmp_path / "rates.csv"))
    assert found == "14000000.5"
    assert not {"no-rate", "rate-of-the-pack"} & names


@pytest.mark.parametrize(
    "row",
    ["BTC,0", "BTC,1e5x", "XYZ,1", "BTC,1\nBTC,2"],
    ids=["zero", "no number", "unknown", "twice"],
)
def test_rates_that_cannot_be_used_are_refused_by_row(
    packed: Packed, tmp_path: Path, row: str
) -> None:
    (tmp_path / "rates.csv").write_text(f"asset,rate\n{row}\n")
    said = plan(packed, tmp_path / "out", "--rates", str(tmp_path / "rates.csv"))
    assert said.code == 3
    assert said.json()["problems"][0]["name"] == "bad-rate"
    assert not (tmp_path / "out").exists()


def test_a_changed_part_or_a_folder_that_is_no_pack_gives_no_plan(
    packed: Packed, tmp_path: Path
) -> None:
    """E103: what was edited after it was signed is refused by name."""
    copy = Path(shutil.copytree(packed.folder, tmp_path / "copy"))
    edit(copy / "wallets.csv", "btc-cold", "btc-colt")
    changed = packed._replace(folder=copy)
    assert plan(changed, tmp_path / "out").code == 3
    assert plan(packed._replace(folder=tmp_path), tmp_path / "out").code == 2
    wrong = sonae(
        *("estate", "plan", packed.folder, "--proceeding", "liquidation"),
        *("--commencement-on", "2026-11-20", "--record-on", "2026-12-20"),
    )
    assert wrong.code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_people_read_the_draft_in_their_language(packed: Packed, lang: str) -> None:
    said = sonae(
        *("estate", "plan", packed.folder, "--proceeding", "return_administration"),
        *("--commencement-on", "2026-11-20", "--record-on", "2026-12-20", "--lang", lang),
    )
    assert {"ja": "提案段階", "en": "proposed"}[lang] in said.out
    assert {"ja": "分からないこと", "en": "Not known"}[lang] in said.out
