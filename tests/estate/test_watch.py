"""Movements after the freeze, judged from files alone."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.takeover.open import make_sweep, open_estate
from sonae.actions.takeover.watch import watch_files
from sonae.cli.main import run
from sonae.core.errors import InputError, UsageError
from tests.estate.firm import FROZEN, TO, books

SINCE = datetime.fromisoformat(FROZEN)
HEAD = "at,chain,address,to,asset,quantity_decimal,txid,reference\n"


class Desk:
    """Outside the firm: the list of wallets, the plan, and files that a monitor writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        source = books(folder / "books")
        open_estate(source, folder / "open")
        (folder / "to.csv").write_text(f"asset,chain,address\nBTC,bitcoin,{TO}\n", "utf-8")
        self.plan = make_sweep(source, folder / "to.csv", folder / "sweep")
        self.listed, self.sweep = folder / "open" / "listed.csv", folder / "sweep" / "sweep.json"
        self.hot = self.plan["batches"][0]["transfers"][0]

    def seen(self, *rows: str) -> Path:
        path = self.folder / "seen.csv"
        path.write_text(HEAD + "".join(f"{row}\n" for row in rows), "utf-8")
        return path

    def watch(self, *rows: str, authorised: str | None = None) -> dict[str, Any]:
        allowed = None
        if authorised is not None:
            allowed = self.folder / "authorised.csv"
            allowed.write_text(f"txid,reference\n{authorised}\n", "utf-8")
        return watch_files(self.listed, self.seen(*rows), SINCE, self.sweep, allowed)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk outside."""
    return Desk(tmp_path)


def row(at: str, to: str, quantity: str, txid: str = "t1", reference: str = "") -> str:
    return f"2026-11-20T{at}+09:00,bitcoin,hot-1,{to},BTC,{quantity},{txid},{reference}"


def test_what_leaves_after_the_freeze_is_an_alarm_with_who_could_sign(desk: Desk) -> None:
    """E105: time, wallet, asset, amount, destination, signers; from the second of the freeze on."""
    found = desk.watch(row("17:59:59", "x", "1", "t0"), row("18:00:00", "x", "2.5"))
    [alarm] = found["alarms"]
    assert (alarm["name"], alarm["severity"]) == ("moved-after-freeze", "breach")
    assert (alarm["wallet"], alarm["asset"], alarm["quantity"]) == ("btc-hot", "BTC", "2.5")
    assert alarm["at"] == "2026-11-20T18:00:00+09:00"
    assert alarm["could_sign"]["en"] == "ben, dai (1 of 2)"
    assert alarm["due"]["en"] == "immediately"
    assert "ben, dai" in alarm["message"]["ja"]
    assert found["before"] == 1


def test_a_sweep_of_the_plan_is_recognised_and_only_once(desk: Desk) -> None:
    """E105: named by the transfer's id; what arrives may be less by the fee."""
    one = row("19:00:00", TO, "0.0099", "t1", desk.hot["id"])
    found = desk.watch(one)
    assert found["alarms"] == []
    assert found["recognised"] == [{"txid": "t1", "transfer": desk.hot["id"]}]
    again = desk.watch(one, row("19:01:00", TO, "0.0099", "t2", desk.hot["id"]))
    assert [a["txid"] for a in again["alarms"]] == ["t2"]


def test_the_administrators_list_of_transactions_does_as_well(desk: Desk) -> None:
    """E105: by transaction id, where the monitor knows no reference."""
    found = desk.watch(row("19:00:00", TO, "0.01"), authorised=f"t1,{desk.hot['id']}")
    assert found["alarms"] == []


@pytest.mark.parametrize(
    ("to", "quantity", "reference"),
    [
        ("bc1qthief", "0.01", "mine"),
        (TO, "0.01000001", "mine"),
        (TO, "0.01", "ffffffffffffffff-00001"),
        (TO, "0.01", ""),
    ],
    ids=["elsewhere", "more", "no such transfer", "unnamed"],
)
def test_what_only_claims_to_be_of_the_plan_is_an_alarm(
    desk: Desk, to: str, quantity: str, reference: str
) -> None:
    """E105: a thief may write any reference; destination and amount must be the plan's."""
    named = desk.hot["id"] if reference == "mine" else reference
    assert len(desk.watch(row("19:00:00", to, quantity, "t1", named))["alarms"]) == 1


def test_other_wallets_are_counted_and_not_judged(desk: Desk) -> None:
    """A monitor sees much that is none of the firm's."""
    found = desk.watch("2026-11-20T19:00:00+09:00,bitcoin,stranger,x,BTC,1,t1,")
    assert (found["alarms"], found["elsewhere"]) == ([], 1)


def test_an_alarm_leaves_with_1_and_silence_with_0(desk: Desk, capsys: Any) -> None:
    """Fit for a timer on any machine."""
    words = ["estate", "watch", str(desk.listed), str(desk.seen(row("19:00:00", "x", "1")))]
    words += ["--since", FROZEN, "--plan", str(desk.sweep)]
    assert run([*words, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["alarms"][0]["txid"] == "t1"
    desk.seen()
    assert run(words) == 0


def test_rows_that_cannot_be_read_are_refused_with_their_places(desk: Desk) -> None:
    """No offset, no number, no transaction: a monitor that is broken must not look like silence."""
    rows = (
        "2026-11-20T19:00:00,bitcoin,hot-1,x,BTC,1,t1,",
        "2026-11-20T19:00:00+09:00,bitcoin,hot-1,x,BTC,one,t2,",
        "2026-11-20T19:00:00+09:00,bitcoin,hot-1,x,BTC,1,,",
    )
    with pytest.raises(InputError) as caught:
        desk.watch(*rows)
    assert [p.row for p in caught.value.problems] == [1, 2, 3]


def test_a_plan_that_was_changed_recognises_nothing(desk: Desk) -> None:
    """Its digest stands in it; another destination in the file is found."""
    text = desk.sweep.read_text("utf-8").replace(TO, "bc1qthief")
    desk.sweep.write_text(text, "utf-8")
    with pytest.raises(UsageError, match="changed"):
        desk.watch(row("19:00:00", "bc1qthief", "0.01", "t1", desk.hot["id"]))
