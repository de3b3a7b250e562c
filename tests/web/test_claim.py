"""My claim: what a customer sees by a letter's number and code, answers, and the page down."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from sonae.actions.claims import my_claim
from sonae.actions.claims.my_claim import claim_view, find_claim
from sonae.actions.console.home import Home
from sonae.core.errors import Refused
from sonae.web.tries import MOST, WHILE, Tries
from tests.browser import chromium, offline
from tests.command import sonae
from tests.web.conftest import Answer, Console, running

FORM = {"content_type": "application/x-www-form-urlencoded"}
OTHER = "A000000"
INCIDENT = Path("coincheck") / "incidents" / "coincheck-2018"


def printed(home: Path, account: str) -> tuple[str, str]:
    """Number and code, as they stand in the letter."""
    text = (home / "coincheck" / "desk" / f"letter-{account}.txt").read_text("utf-8")
    return re.findall(r"(?:Claim number|Code): (\S+)", text)  # type: ignore[return-value]


def post(console: Console, path: str, **fields: str) -> Answer:
    return console.ask(path, "POST", urlencode(fields).encode(), **FORM)


def look(console: Console, number: str, code: str) -> Answer:
    return post(console, "/claim.json", number=number, code=code)


@pytest.fixture(scope="module")
def own(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of this module's own: customers answer in it."""
    home = tmp_path_factory.mktemp("claims") / "home"
    shutil.copytree(demo_home, home)
    return home


@pytest.fixture(scope="module")
def console(own: Path) -> Iterator[Console]:
    """One console for all who are not wrong too often."""
    with running(own, "--demo") as found:
        yield found


def test_a_customer_sees_what_is_owed_why_and_how_it_is_paid(console: Console, own: Path):
    said = json.loads(look(console, *printed(own, "A000300")).body)
    [lot] = said["lots"]
    frozen = json.loads((own / INCIDENT / "frozen" / "entitlements.json").read_text())
    assert said["list"]["sha256"] == frozen["table_digest"]
    quantity, _, part = lot["lost"].partition(".")
    micro = int(quantity) * 10**6 + int(part.ljust(6, "0") or 0)
    assert int(lot["amount"]) == micro * 88_549 // 10**9, "quantity times 88.549, rounded down"
    [payment] = said["payments"]
    assert (payment["amount"], payment["end"]) == (lot["amount"], "0300")
    assert (payment["status"], said["status"]) == ("PAYMENT-SENT", "PAYMENT-SENT")
    assert said["provisions"][0]["provision"]["en"] == "Art. 39(1)"
    assert said["deadline"]["extended_to"] == "2026-12-24"


def test_nothing_of_others_and_no_inner_word_is_in_an_answer(console: Console, own: Path):
    held = look(console, *printed(own, "A000900")).text
    assert json.loads(held)["status"] == "HOLD-DOCUMENTS"
    for inner in ('"estate"', '"legal"', "2027-01-15", "0005|", "ﾃﾞﾓ", "A000900", "A000300"):
        assert inner not in held


def test_a_wrong_number_and_a_wrong_code_are_answered_alike(console: Console, own: Path):
    number, code = printed(own, "A000300")
    other_number, other_code = printed(own, OTHER)
    answers = [
        post(console, path, number=n, code=c)
        for path in ("/claim.json", "/claim")
        for n, c in ((number, other_code), ("2345-6789-ABCD", code), (other_number, code))
    ]
    assert {a.status for a in answers} == {403}
    assert len({a.body for a in answers[:3]}) == len({a.body for a in answers[3:]}) == 1
    assert number.encode() not in b"".join(a.body for a in answers), "what was typed is not echoed"


def test_a_code_is_made_and_compared_whether_a_number_is_known_or_not(
    own: Path, monkeypatch: pytest.MonkeyPatch
):
    made: list[str] = []
    compared: list[tuple[str, str]] = []
    real_code, real_same = my_claim.claim_code, my_claim.same

    def code(secret: bytes, incident: str, account: str) -> str:
        made.append(account)
        return real_code(secret, incident, account)

    def same(left: str, right: str) -> bool:
        compared.append((left, right))
        return real_same(left, right)

    monkeypatch.setattr(my_claim, "claim_code", code)
    monkeypatch.setattr(my_claim, "same", same)
    number, secret = printed(own, "A000300")
    assert find_claim(Home(own), number, secret) is not None
    assert find_claim(Home(own), "2345-6789-ABCD", secret) is None
    assert find_claim(Home(own), number, "ABCDE-ABCDE-ABCDE-ABCDE") is None
    assert find_claim(Home(own), "", "") is None
    assert len(made) == len(compared) == 4


def test_a_list_that_was_changed_after_it_was_signed_shows_nobody_anything(
    own: Path, tmp_path: Path
):
    shutil.copytree(own / "coincheck", tmp_path / "coincheck")
    home = Home(tmp_path)
    found = find_claim(home, *printed(own, "A000300"))
    assert found is not None
    assert claim_view(home, found)["lots"]
    table = tmp_path / INCIDENT / "frozen" / "entitlements.parquet"
    table.write_bytes(table.read_bytes() + b"x")
    with pytest.raises(Refused):
        claim_view(home, found)


def test_an_address_that_is_wrong_too_often_waits_and_no_code_helps(own: Path):
    number, code = printed(own, "A000300")
    with running(own, "--demo") as console:
        for _ in range(MOST):
            assert look(console, number, "ABCDE-ABCDE-ABCDE-ABCDE").status == 403
        said = look(console, number, code)
        assert said.status == 429
        assert said.headers["retry-after"] == str(WHILE)
        assert console.ask("/claim").status == 200, "the form and the status are still there"


def test_tries_are_forgotten_after_a_while_and_counted_by_address():
    clock = [0.0]
    tries = Tries(lambda: clock[0])
    for _ in range(MOST):
        tries.failed("a")
    assert (tries.left("a"), tries.left("b")) == (False, True)
    clock[0] = WHILE + 1
    assert tries.left("a")


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_dispute_becomes_a_file_from_which_staff_open_it_and_the_page_moves_no_money(
    console: Console, own: Path
):
    number, code = printed(own, OTHER)
    store = own / "coincheck" / "payments.db"
    before = digest(store)
    entitled = int(json.loads(look(console, number, code).body)["lots"][0]["amount"])
    about = {"number": number, "code": code, "kind": "dispute", "asset": "JPY"}
    says = f"{entitled + 1_000_000:,}"
    made = [
        post(console, "/claim/answer.json", **about, says=says, reason="流出時の価格で")
        for _ in "ab"
    ]
    assert [m.status for m in made] == [200, 200]
    assert made[0].body == made[1].body, "the same words again are the same file"
    assert digest(store) == before
    [file] = (own / INCIDENT / "answers").glob(f"{number}-*.json")
    assert file.stat().st_mode & 0o077 == 0
    desk = own / "coincheck" / "desk"
    words = ("claims", "pay", "dispute", "open", "COINCHECK-2018", "--answer", file)
    signed = ("--estimate", "500000", "--reason", "price at the theft", "--key", desk / "chi.key")
    opened = sonae(*words, *signed, "--store", store, "--json")
    assert opened.code == 0, opened.err
    found = opened.json()
    assert (found["said"], found["entitled"]) == (str(entitled + 1_000_000), str(entitled))
    listed = sonae("claims", "answers", own / INCIDENT / "answers", "--json").json()["answers"]
    assert [a["reason"] for a in listed] == ["流出時の価格で"]


@pytest.mark.parametrize(
    ("says", "reason", "asset"),
    [("1", "x", "JPY"), ("abc", "x", "JPY"), ("1e99999999", "x", "JPY"), ("9" * 60, "x", "JPY"),
     ("999999999999", " ", "JPY"), ("999999999999", "x", "BTC"), ("-5", "x", "JPY"), ("", "", "")],
)  # fmt: skip
def test_what_is_no_dispute_is_refused_in_words_and_nothing_is_kept(
    console: Console, own: Path, says: str, reason: str, asset: str
):
    number, code = printed(own, "A000900")
    about = {"number": number, "code": code, "kind": "dispute"}
    said = post(console, "/claim/answer", **about, says=says, reason=reason, asset=asset)
    assert said.status == 422
    assert 'role="alert"' in said.text
    assert not [*(own / INCIDENT).glob(f"answers/{number}-*")]


def test_E96_no_entitlement_depends_on_the_page(console: Console, own: Path):
    """Who agrees, who disputes and who never looks is owed the same and paid the same."""
    store = own / "coincheck" / "payments.db"
    words = ("claims", "pay", "counters", "COINCHECK-2018", "--store", store, "--json")
    before = sonae(*words).json()
    number, code = printed(own, "A000300")
    owed = json.loads(look(console, number, code).body)
    agreed = post(console, "/claim/answer.json", number=number, code=code, kind="agree")
    assert agreed.status == 200
    after = json.loads(look(console, number, code).body)
    assert {k: after[k] for k in ("lots", "payments", "status")} == {
        k: owed[k] for k in ("lots", "payments", "status")
    }
    assert sonae(*words).json() == before


def test_E96_the_page_failed_in_the_first_hour_and_the_status_page_says_until_when(
    demo_home: Path, tmp_path: Path
):
    home = tmp_path / "home"
    shutil.copytree(demo_home / "coincheck", home / "coincheck")
    noted = ("claims", "portal", "down", home, "--at", "2026-11-25T09:00:00+09:00", "--why", "障害")
    assert sonae(*noted).code == 0
    assert sonae(*noted).code == 2, "it is down already"
    page = tmp_path / "web" / "status.html"
    assert sonae("claims", "portal", "status", home, "--out", page).code == 0
    text = page.read_text("utf-8")
    assert "× 請求の確認ページを、ただいまご利用いただけません" in text
    up = ("claims", "portal", "up", home, "--at", "2026-11-26T10:00:00+09:00")
    assert sonae(*up).code == 0
    assert sonae(*up).code == 2, "it is up"
    said = sonae("claims", "portal", "status", home, "--out", page, "--json").json()
    assert said["claims"][0]["days_down"] == ["2026-11-25", "2026-11-26"]
    assert said["claims"][0]["extended_to"] == "2026-12-28"
    text = page.read_text("utf-8")
    assert "2026年12月28日" in text
    assert not re.search(r"<script|<a |href|src=|https?:|@import", text)
    with chromium() as browser, offline(browser) as (context, asked):
        opened = context.new_page()
        opened.goto(page.as_uri())
        assert "put off from 24 December 2026 to 28 December 2026" in opened.inner_text("main")
        assert [url for url in asked if not url.startswith("file:")] == []
    with running(home, "--demo") as console:
        assert console.ask("/status.html").status == 200
        found = json.loads(look(console, *printed(home, "A000300")).body)
        assert found["deadline"]["extended_to"] == "2026-12-28"


def test_it_is_made_for_a_telephone_and_works_without_a_script(console: Console, own: Path):
    number, code = printed(own, "A000300")
    with chromium() as browser:
        context = browser.new_context(
            locale="ja-JP", viewport={"width": 360, "height": 740}, java_script_enabled=False
        )
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{console.url}/claim")
        page.fill("#number", number.lower().replace("-", " "))
        page.fill("#code", code)
        page.click("form button")
        page.wait_for_selector("#owed")
        assert "円" in page.inner_text(".sum")
        assert page.viewport_size == {"width": 360, "height": 740}
        assert all(url.startswith(console.url) for url in asked)
        assert code not in "".join(asked), "the code is in no address"
        page.click("text=English")
        assert page.locator("#number").is_visible(), "in another language one begins again"
        context.close()


def test_where_no_claim_was_numbered_every_code_is_wrong(tmp_path: Path):
    with running(tmp_path, "--demo") as console:
        assert look(console, "2345-6789-ABCD", "x").status == 403
        assert console.ask("/claim", accept_language="en").status == 200
        assert post(console, "/claim", number="x" * 200, code="y").status == 422
        assert post(console, "/claim/answer.json", number="x", code="y", kind="z").status == 422
        assert console.ask("/claim/answer").status == 200
