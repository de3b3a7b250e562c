"""`sonae demo estate`: the three stories to the end, and a pack of theirs in strangers' hands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sonae as package
from sonae.actions.demo import estate as demo_estate
from sonae.actions.keys import load_key
from sonae.actions.pack.keep import write_page
from sonae.actions.pack.make import public_word
from tests.command import sonae
from tests.pack.test_outside import CI, TOOLS, _isolated, commands

STEPS = ("in_kind", "secured", "general")
BTC = 10**8


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The stories over fewer accounts: the totals are the published ones all the same."""
    out = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_estate, "ACCOUNTS", 400)
        said = sonae("demo", "estate", "--out", out, "--json")
    assert said.code == 0, said.err
    return out / "estate", said.json()["stories"]


def groups(made: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(g["rank"], g["asset"]): g for g in made["groups"]}


def conserved(made: dict[str, Any]) -> bool:
    parts = ("cost", "paid", "reserved", "left")
    return all(
        int(row["pool"]) == sum(int(row[p]) for p in parts) for row in made["conservation"].values()
    )


def test_ftx_japan_returns_every_coin_in_kind_with_the_published_days(told: Any) -> None:
    story = told[1]["ftx-japan-2022"]
    [made] = story["distributions"]
    assert story["verified"]
    assert conserved(made)
    for asset, units in (
        ("BTC", 2802 * BTC),
        ("CRYPTO-REST", 5_955_000_000),
        ("JPY", 6040 * 10**6),
    ):
        group = groups(made)["customer", asset]
        assert (group["claims"], int(group["claimed"])) == (400, units)
        assert int(group["in_kind"]["now"]) == units
        assert all(group[s]["now"] == "0" for s in STEPS[1:])
        assert all(group[s]["reserved"] == "0" for s in STEPS)
    left = {p["asset"]: (p["left"], p["left_to"]) for p in made["pools"]}
    assert left["BTC"] == (str(392 * BTC), "residue")
    assert left["JPY"] == ("280000000", "settlor")
    assert story["published"]["days"] == 105
    assert story["published"]["days_from_order"] == 103


def test_a_short_coin_is_pro_rata_after_own_coins_and_late_claims_catch_up(told: Any) -> None:
    """E75: ether, XRP and money stay whole; 79.8 of 100 bitcoin, then 89.8."""
    story = told[1]["short-pool"]
    first, second = story["distributions"]
    assert conserved(first)
    assert conserved(second)
    assert first["ratios"]["in_kind"] == {"BTC": "0.798", "ETH": "1", "JPY": "1", "XRP": "1"}
    assert second["ratios"]["in_kind"]["BTC"] == "0.898"
    used = {p["id"]: p for p in first["pools"] if p["asset"] == "BTC"}
    for own in ("guarantee BTC", "buffer BTC"):
        assert used[own]["left"] == "0"
    assert story["late"] == [
        {"amount": "600000000", "in_kind_now": "0", "in_kind_reserved": "478800000"},
        {"amount": "600000000", "in_kind_now": "538800000", "in_kind_reserved": "0"},
    ]
    ranks = [g["rank"] for g in first["groups"] if g["rank"] != "customer"]
    assert sorted(ranks) == ["cost", "ordinary", "preferential"]
    assert groups(first)["cost", "JPY"]["general"]["now"] == "5000000"


def test_with_nobody_there_an_alarm_is_raised_and_the_return_is_marked_as_proposed(
    told: Any,
) -> None:
    """E103, E105: three of five shares open it; the movement outside the plan names who signed."""
    out, stories = told
    story = stories["management-gone"]
    assert conserved(story["distributions"][0])
    [alarm] = story["alarms"]
    assert (alarm["wallet"], alarm["quantity"], story["recognised"]) == ("btc-cold", "0.5", 1)
    assert "chie" in alarm["could_sign"]["en"]
    payer = story["law"]["estate.jp.payers#coin_payer"]
    assert (payer["value"], payer["standing"]) == ("return_administrator", "proposed")
    for row in story["sweep"]["totals"].values():
        assert int(row["held"]) == int(row["planned"]) + int(row["left"])
    lines = {x["item"]: x["value"] for x in story["readiness"]}
    assert (lines["verified"], lines["people"], lines["shares_needed"]) == (11, 12, 3)
    compared = sonae(
        "estate", "drill", "compare", out / "management-gone" / "drill.jsonl", "--json"
    )
    assert compared.json()["last_in_time"]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_people_read_the_stories_in_their_language(told: Any, lang: Any) -> None:
    from rich.console import Console

    from sonae.report.estate_demo import stories_view

    console = Console(width=300, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(stories_view({"stories": told[1]}, lang))
    text = console.export_text()
    for word in {"ja": ("105日", "提案段階", "合計を確かめた"), "en": ("105 days", "proposed")}[
        lang
    ]:
        assert word in text


@pytest.mark.skipif(not _isolated() and not CI, reason="unshare -rn is not permitted here")
def test_a_pack_of_the_demo_opens_for_another_user_without_network_or_home(
    told: Any, tmp_path: Path
) -> None:
    """E103: the file, the shares and the installed product; nothing of its maker."""
    made = told[0] / "management-gone"
    (tmp_path / "home").mkdir()
    shutil.copy(made / "day.pack.age", tmp_path / "got.pack.age")
    for n in (2, 3, 4):
        shutil.copy(made / "administrator" / "shares" / f"share-{n}.txt", tmp_path / f"{n}.txt")
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path / "home"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(package.__file__).parents[1]),
    }
    program = "import sys; from sonae.cli.main import main; main()"

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["unshare", "-rn", sys.executable, "-c", program, *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )

    opened = run(
        *("pack", "open", "got.pack.age", "--shares", "2.txt", "3.txt", "4.txt"),
        *("--signer", public_word(load_key(made / "keys" / "sign.key").public), "--out", "opened"),
    )
    assert opened.returncode == 1, opened.stderr  # parts that it lacks, and its age
    assert "totals-differ" not in opened.stdout
    planned = run(
        *("estate", "plan", "opened", "--proceeding", "bankruptcy", "--out", "plan"),
        *("--commencement-on", "2026-11-20", "--record-on", "2026-12-20"),
    )
    assert planned.returncode == 1, planned.stderr
    shared = run(
        *("estate", "distribute", "plan/plan.toml", "--claims", "plan/claims.parquet"),
        *("--out", "d1"),
    )
    assert shared.returncode == 0, shared.stderr


@pytest.mark.skipif(bool(TOOLS) and not CI, reason=f"not installed: {', '.join(TOOLS)}")
def test_a_pack_of_the_demo_opens_by_the_printed_page_with_age_and_minisign(
    told: Any, tmp_path: Path
) -> None:
    """E103: what stands on paper is run word by word."""
    made = told[0] / "short-pool"
    key = str(made / "keys" / "sign.key")
    write_page(made / "recipients.toml", key, "Example Exchange K.K.", tmp_path / "page.html")
    run = commands((tmp_path / "page.html").read_text("utf-8"))[1:]
    if shutil.which("unzip") is None:
        run[2] = "python3 -m zipfile -e pack.zip pack"
    home = tmp_path / "home"
    home.mkdir()
    for end in ("", ".minisig"):
        shutil.copy(made / f"day.pack.age{end}", home / f"FILE.pack.age{end}")
    shutil.copy(made / "keys" / "trustee.txt", home / "KEY.txt")
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(home)}
    script = "set -e\n" + "\n".join([*run, "python3 check.py"])
    done = subprocess.run(["sh", "-c", script], cwd=home, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "BTC\t10000000000" in done.stdout
    assert "segregation.csv: OK" in done.stdout
