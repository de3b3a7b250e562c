"""Prices with where they come from: answers kept, read exactly, offline the same; by hand, two."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import ccxt
import pytest
import requests

from sonae.actions.close import close_books
from sonae.actions.keys import new_key
from sonae.actions.prices.make import make_prices
from sonae.actions.prices.setup import load_prices
from sonae.books.map.prints import VENUES, read_prints
from sonae.books.rows import Fault
from sonae.core.errors import InputError
from tests.answers import answer, having, network
from tests.command import sonae
from tests.kit import asset, changed, edit, write

CAME = datetime(2026, 11, 20, 14, 59, 30, tzinfo=UTC)
SETUP = """
[[print]]
venue = "bitbank"
method = "last"
pairs = [{ asset = "BTC", currency = "JPY", pair = "btc_jpy" }]
[[print]]
venue = "bitflyer"
method = "mid"
pairs = [{ asset = "BTC", currency = "JPY", pair = "BTC_JPY" }]
[[print]]
venue = "coincheck"
method = "last"
pairs = [{ asset = "BTC", currency = "JPY", pair = "btc_jpy" }]
[[print]]
venue = "zaif"
method = "vwap"
pairs = [{ asset = "BTC", currency = "JPY", pair = "btc_jpy" }]
[[print]]
venue = "btcbox"
method = "last"
own_venue = true
pairs = [{ asset = "BTC", currency = "JPY", pair = "btc" }]
[[print]]
venue = "kraken"
method = "last"
pairs = [{ asset = "BTC", currency = "USD", pair = "XBTUSD" }]
[[rates]]
files = ["eurofxref-daily.xml"]
currencies = ["USD", "JPY"]
"""
ECB = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
 xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<gesmes:subject>Reference rates</gesmes:subject>
<gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
<Cube><Cube time='2026-11-20'><Cube currency='USD' rate='1.0856'/>
<Cube currency='JPY' rate='163.45'/></Cube>
<Cube time='2026-11-19'><Cube currency='USD' rate='1.0849'/><Cube currency='JPY' rate='163.02'/>
</Cube></Cube></gesmes:Envelope>"""
CSV = "Date,USD,JPY,CYP,\n20 November 2026,1.0856,163.45,N/A,\n2026-11-19,1.0849,163.02,N/A,\n"
HOSTS = {
    "public.bitbank.cc": "bitbank", "api.bitflyer.com": "bitflyer", "coincheck.com": "coincheck",
    "api.zaif.jp": "zaif", "www.btcbox.co.jp": "btcbox", "api.kraken.com": "kraken",
}  # fmt: skip


@pytest.fixture
def setup(tmp_path: Path) -> Path:
    file = tmp_path / "prices.toml"
    file.write_text(SETUP, encoding="utf-8")
    (tmp_path / "eurofxref-daily.xml").write_text(ECB)
    return file


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[requests.PreparedRequest]:
    return network(monkeypatch, lambda request: answer(_venue(request), "ticker"))


def _venue(request: requests.PreparedRequest) -> str:
    return HOSTS[str(request.url).split("/")[2]]


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


EXPECTED = {
    ("bitbank/last", "15000000.5", "2026-11-20T14:59:00.123000+00:00", "last"),
    ("bitflyer/mid", "15000000", "2026-11-20T14:59:00.970000+00:00", "mid"),
    ("btcbox/last", "15000200", "2026-11-20T14:59:30+00:00", "last (time of asking)"),
    ("coincheck/last", "15000300", "2026-11-20T14:59:01+00:00", "last"),
    ("ecb", "1.0856", "2026-11-20T16:00:00+01:00", "reference"),
    ("ecb", "163.45", "2026-11-20T16:00:00+01:00", "reference"),
    ("ecb", "1.0849", "2026-11-19T16:00:00+01:00", "reference"),
    ("ecb", "163.02", "2026-11-19T16:00:00+01:00", "reference"),
    ("kraken/last", "100100", "2026-11-20T14:59:30+00:00", "last (time of asking)"),
    ("zaif/vwap", "14950000.1429", "2026-11-20T14:59:30+00:00", "vwap (time of asking)"),
}


def test_public_answers_are_asked_through_ccxt_kept_and_read_again_without_a_network(
    setup: Path, asked: list[requests.PreparedRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = setup.parent / "prices.csv"
    first = make_prices(setup, out, fetch=True, now=lambda: CAME)
    assert not first["refused"], first["refused"]
    rows = _table(out)
    assert {(r["source"], r["price"], r["at"], r["method"]) for r in rows} == EXPECTED
    assert {r["source"] for r in rows if r["own_venue"] == "true"} == {"btcbox/last"}
    urls = {str(r.url) for r in asked}
    assert "https://public.bitbank.cc/btc_jpy/ticker" in urls
    assert any("getticker?product_code=BTC_JPY" in u for u in urls)
    assert any("Ticker?pair=XBTUSD" in u for u in urls)
    for row in rows:
        kept = setup.parent / "answers" / row["answer"].removeprefix("sha256:")
        assert kept.is_file()
    assert {a for s in first["sources"] for a in s["answers"]} == {"recorded", "file"}
    before = out.read_bytes()

    def gone(*_: Any, **__: Any) -> None:
        raise AssertionError("nothing leaves this machine unless it is asked for")

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", gone)
    later = make_prices(setup, out, now=gone)  # type: ignore[arg-type]
    assert out.read_bytes() == before
    assert later == first


def test_a_price_reaches_the_close_with_method_and_digest_of_its_answer(
    setup: Path, asked: list[requests.PreparedRequest], tmp_path: Path
) -> None:
    """Hierarchy, age and outliers are data of the house; what they choose among are the answers."""
    folder = tmp_path / "books"
    tables: dict[str, Any] = changed(
        assets=[asset("BTC"), asset("JPY", "fiat", 0), asset("EUR", "fiat", 2),
                asset("USD", "fiat", 2)],
    )  # fmt: skip
    write(folder, {name: rows for name, rows in tables.items() if name != "prices"})
    hierarchy = (
        'hierarchy = ["zaif/vwap", "bitflyer/mid"]\noutlier = "0.003"\n'
        "max_age_minutes = { ecb = 2880 }"
    )
    edit(folder / "venue.toml", 'hierarchy = ["alpha", "beta", "manual"]', hierarchy)
    make_prices(setup, folder / "prices.csv", fetch=True, now=lambda: CAME)
    document = close_books(folder).document
    price = next(f for f in document["figures"] if f["id"] == "fact:BTC/price")
    assert price["value"] == "15000000"  # the average of zaif is too far from the others
    assert "method = mid, answer = sha256:" in price["source"]["filter"]
    names = {f["name"] for f in document["findings"]}
    assert "price-outlier" in names
    assert "stale-price" not in names
    usd = next(f for f in document["figures"] if f["id"] == "fact:USD/price")
    assert Fraction(usd["value"]) == Fraction("163.02") / Fraction("1.0849")


@pytest.mark.parametrize("venue", having("ticker"))
def test_ccxts_own_reading_of_a_ticker_agrees(venue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network(monkeypatch, lambda _: answer(venue, "ticker"))
    exchange = getattr(ccxt, venue)()
    ids = {"kraken": "XXBTZUSD", "bitflyer": "BTC_JPY"}
    market = {
        "id": ids.get(venue, "btc_jpy"), "symbol": "BTC/JPY", "base": "BTC", "quote": "JPY",
        "baseId": "btc", "quoteId": "jpy", "type": "spot", "spot": True, "active": True,
        "precision": {}, "limits": {}, "info": {}, "contract": False,
    }  # fmt: skip
    exchange.set_markets([market])
    theirs = exchange.fetch_ticker("BTC/JPY")
    pair = market["id"] if venue != "btcbox" else "btc"
    for method, key in (("last", "last"), ("vwap", "vwap")):
        if method in VENUES[venue]:
            ours = read_prints(venue, method, str(pair), answer(venue, "ticker"), CAME)[0]
            assert str(float(ours.price)) == str(float(theirs[key])), method
    mid = read_prints(venue, "mid", str(pair), answer(venue, "ticker"), CAME)[0].price
    assert mid * 2 == Fraction(str(theirs["bid"])) + Fraction(str(theirs["ask"]))


@pytest.mark.parametrize(("venue", "ends"), [("bitbank", 2), ("kraken", 2)])
def test_only_candles_that_were_closed_are_prices(venue: str, ends: int) -> None:
    found = read_prints(venue, "close", "XBTUSD", answer(venue, "candles"), CAME)
    assert [q.at for q in found] == [
        datetime(2026, 11, 20, 14, tzinfo=UTC),
    ]
    later = read_prints(
        venue, "close", "XBTUSD", answer(venue, "candles"), CAME + timedelta(minutes=1)
    )
    assert len(later) == ends
    assert later[-1].price == (Fraction("15010000.1") if venue == "bitbank" else 100_011)


CHANGED = {
    "bitbank": b"last", "bitflyer": b"ltp", "btcbox": b"sell", "coincheck": b"timestamp",
    "kraken": b"c", "zaif": b"vwap",
}  # fmt: skip


@pytest.mark.parametrize("venue", having("ticker"))
def test_an_answer_of_another_layout_gives_no_row_and_the_others_stand(
    venue: str, setup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = b'"' + CHANGED[venue] + b'"'

    def reply(request: requests.PreparedRequest) -> bytes:
        content = answer(_venue(request), "ticker")
        return content.replace(name, b'"other"', 1) if _venue(request) == venue else content

    network(monkeypatch, reply)
    made = make_prices(setup, None, fetch=True, now=lambda: CAME)
    (refused,) = made["refused"]
    assert refused["source"].startswith(venue)
    assert refused["name"] == "layout-changed"
    assert f"gone {CHANGED[venue].decode()}; new other" in refused["message"]["en"]
    assert {r["source"].split("/")[0] for r in made["rows"]} == {"ecb", *HOSTS.values()} - {venue}
    said = sonae("books", "prices", "make", setup, "--lang", "en")
    assert said.code == 1
    assert "new other" in said.out
    assert "documented, not compared" in said.out


@pytest.mark.parametrize(
    ("venue", "old", "new"),
    [
        ("bitflyer", b"BTC_JPY", b"ETH_JPY"),
        ("bitflyer", b"RUNNING", b"STOP"),
        ("bitflyer", b"2026-11-20T14:59:00.97", b"2026-11-20T15:59:00"),
        ("bitbank", b'"success": 1', b'"success": 0'),
        ("bitbank", b'"15000000.5"', b"null"),
        ("bitbank", b'"15000000.5"', b'"0"'),
        ("bitbank", b'"15000000.5"', b'"1/3"'),
        ("coincheck", b"15000300.0", b"-1"),
        ("coincheck", b"15000300.0", b"NaN"),
        ("coincheck", b'"last"', b'"last": 1, "last"'),
        ("kraken", b'"error": []', b'"error": ["EGeneral"]'),
    ],
)
def test_a_price_that_an_answer_does_not_state_is_refused(
    venue: str, old: bytes, new: bytes
) -> None:
    content = answer(venue, "ticker")
    assert old in content
    with pytest.raises(Fault):
        read_prints(venue, "last", "BTC_JPY", content.replace(old, new, 1), CAME)


def test_a_venue_that_does_not_answer_is_named_and_nothing_is_taken_for_its_price(
    setup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reply(request: requests.PreparedRequest) -> bytes:
        if _venue(request) == "zaif":
            raise requests.exceptions.ConnectionError("down")
        return answer(_venue(request), "ticker")

    network(monkeypatch, reply)
    made = make_prices(setup, None, fetch=True, now=lambda: CAME)
    assert {(r["name"], r["source"]) for r in made["refused"]} == {
        ("source-incomplete", "zaif/vwap")
    }
    assert len(made["rows"]) == len(EXPECTED) - 1


def test_answers_of_the_newest_days_give_rows_and_older_ones_stay_kept(
    setup: Path, asked: list[requests.PreparedRequest]
) -> None:
    for n in (12, 3, 0):
        made = make_prices(setup, None, fetch=True, now=lambda n=n: CAME - timedelta(days=n))
    zaif = {r["at"] for r in made["rows"] if r["source"] == "zaif/vwap"}
    assert zaif == {(CAME - timedelta(days=n)).isoformat() for n in (0, 3)}
    setup.write_text("[prices]\ndays = 30\n" + SETUP)
    assert len([r for r in make_prices(setup, None)["rows"] if r["source"] == "zaif/vwap"]) == 3


def test_a_kept_answer_that_was_edited_is_not_read(
    setup: Path, asked: list[requests.PreparedRequest]
) -> None:
    make_prices(setup, None, fetch=True, now=lambda: CAME)
    for kept in (setup.parent / "answers").iterdir():
        if b'"ltp"' in kept.read_bytes():
            kept.write_bytes(kept.read_bytes().replace(b"14999000", b"99999999"))
    (refused,) = make_prices(setup, None)["refused"]
    assert (refused["name"], refused["source"]) == ("file-changed", "bitflyer/mid")


def test_what_an_index_says_was_made_after_documents_is_shown_so(
    setup: Path, asked: list[requests.PreparedRequest]
) -> None:
    make_prices(setup, None, fetch=True, now=lambda: CAME)
    index = setup.parent / "answers" / "answers.jsonl"
    index.write_text(index.read_text().replace('"recorded"', '"documented"'))
    made = make_prices(setup, None)
    assert {a for s in made["sources"] for a in s["answers"]} == {"documented", "file"}
    said = sonae("books", "prices", "make", setup, "--lang", "en")
    assert "made after the documents" in said.out


@pytest.mark.parametrize("page", ["prices.md", "prices.ja.md"])
def test_the_setup_of_the_guide_is_one(page: str, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "guide" / page).read_text("utf-8")
    block = text.split("```toml\n")[1].split("```")[0]
    file = tmp_path / "prices.toml"
    file.write_text(block.replace("3f…", "3f" * 32), encoding="utf-8")
    setup = load_prices(file)
    assert setup.wanted[0].source == "bitbank/last"
    assert list(setup.people) == ["3f" * 32]


def test_every_fault_of_the_setup_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        '[[print]]\nvenue = "nowhere"\nmethod = "last"\npairs = []\n'
        '[[print]]\nvenue = "zaif"\nmethod = "close"\npairs = [{ asset = "BTC" }]\n'
        '[[rates]]\nfiles = []\ncurrencies = []\ntime = "25:00"\n'
        '[[person]]\nname = "A"\nkey = "00"\n'
    )
    with pytest.raises(InputError) as caught:
        make_prices(file, None)
    keys = {p.key for p in caught.value.problems}
    assert {"print[0].venue", "print[1].method", "rates[0].time", "person[0].key"} <= keys


def test_a_table_that_this_command_did_not_write_is_never_replaced(setup: Path) -> None:
    out = setup.parent / "prices.csv"
    out.write_text("asset,price\nBTC,1\n")
    assert sonae("books", "prices", "make", setup, "--out", out).code == 2
    assert out.read_text() == "asset,price\nBTC,1\n"


# -- reference rates -------------------------------------------------------------------------


def test_rates_in_xml_and_in_csv_are_the_same_rows(tmp_path: Path) -> None:
    rows = []
    contents = {"a.xml": ECB, "a.csv": CSV}
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
        file = tmp_path / "prices.toml"
        file.write_text(f'[[rates]]\nfiles = ["{name}"]\ncurrencies = ["USD", "JPY"]\n')
        made = make_prices(file, None)
        assert not made["refused"]
        rows.append([{**r, "answer": ""} for r in made["rows"]])
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("time=", "day=", "layout-changed"),
        ("rate='163.45'", "kurs='163.45'", "layout-changed"),
        ("2026-11-20", "2026-11-31", "corrupt-row"),
        ("</Cube></Cube>", "</Cube>", "unreadable-file"),
        ("USD", "HKD", "unknown-asset"),
    ],
)
def test_rates_of_another_layout_are_refused(
    setup: Path, asked: list[requests.PreparedRequest], old: str, new: str, name: str
) -> None:
    (setup.parent / "eurofxref-daily.xml").write_text(
        ECB.replace(old, new, 2 if name == "unknown-asset" else 1)
    )
    refused = make_prices(setup, None, fetch=True, now=lambda: CAME)["refused"]
    assert name in {r["name"] for r in refused if r["source"] == "ecb"}


# -- by hand ---------------------------------------------------------------------------------


@pytest.fixture
def hands(tmp_path: Path) -> Mapping[str, Path]:
    """Two people, a third with a second key of the first, and evidence."""
    keys = {name: tmp_path / f"{name}.key" for name in ("aoi", "ren", "aoi2", "nobody")}
    public = {name: new_key(path).public.hex() for name, path in keys.items()}
    people = "".join(
        f'[[person]]\nname = "{name.rstrip("2")}"\nkey = "{public[name]}"\n'
        for name in ("aoi", "ren", "aoi2")
    )
    (tmp_path / "prices.toml").write_text(people)
    (tmp_path / "broker.pdf").write_bytes(b"a broker's quote")
    return keys


def _enter(
    folder: Path, key: Path, price: str = "12345.678", at: str = "2026-11-20T14:00:00Z"
) -> Any:
    return sonae(
        "books", "prices", "enter", folder / "prices.toml", "--asset", "XEM", "--currency", "JPY",
        "--price", price, "--at", at, "--why", "no venue quotes it", "--evidence",
        folder / "broker.pdf", "--key", key,
    )  # fmt: skip


def _approve(folder: Path, id: str, key: Path) -> Any:
    return sonae("books", "prices", "approve", folder / "prices.toml", id, "--key", key)


def test_a_manual_price_counts_once_a_second_person_signed_it(
    tmp_path: Path, hands: Mapping[str, Path]
) -> None:
    setup = tmp_path / "prices.toml"
    entered = _enter(tmp_path, hands["aoi"])
    assert entered.code == 0, entered.err
    id = entered.out.strip()
    waiting = sonae("books", "prices", "make", setup, "--json")
    assert (waiting.code, waiting.json()["rows"]) == (1, [])
    assert waiting.json()["waiting"][0]["entered_by"] == "aoi"
    for name in ("aoi", "aoi2", "nobody"):
        assert _approve(tmp_path, id, hands[name]).code == 3, name
    assert _approve(tmp_path, id[:12], hands["ren"]).code == 0
    assert _approve(tmp_path, id, hands["ren"]).code == 3
    (row,) = make_prices(setup, None)["rows"]
    assert (row["source"], row["price"]) == ("manual", "12345.678")
    assert "two signatures" in sonae("books", "prices", "make", setup, "--lang", "en").out
    assert (row["entered_by"], row["approved_by"]) == ("aoi", "ren")
    digest = row["evidence"].removeprefix("sha256:")
    assert (tmp_path / "answers" / digest).read_bytes() == b"a broker's quote"
    assert _enter(tmp_path, hands["ren"], "999").code == 3  # of that instant there is one already


@pytest.mark.parametrize("price", ["0", "-1", "1e", "abc"])
def test_a_manual_price_that_is_none_is_refused_and_leaves_the_register_as_it_was(
    tmp_path: Path, hands: Mapping[str, Path], price: str
) -> None:
    assert _enter(tmp_path, hands["aoi"], price).code == 3
    assert not (tmp_path / "manual-prices.register").exists()


def test_an_edited_register_of_manual_prices_is_refused_with_the_line(
    tmp_path: Path, hands: Mapping[str, Path]
) -> None:
    first = _enter(tmp_path, hands["aoi"]).out.strip()
    _enter(tmp_path, hands["ren"], at="2026-11-20T15:00:00Z")
    _approve(tmp_path, first, hands["ren"])
    register = tmp_path / "manual-prices.register"
    whole = register.read_bytes()
    lines = whole.splitlines(keepends=True)
    for content, place in (
        (whole.replace(b"12345.678", b"22345.678", 1), "1"),
        (lines[1] + lines[0] + lines[2], "1"),
        (lines[0] + lines[2], "2"),
        (whole[:-1], "middle"),
    ):
        register.write_bytes(content)
        said = sonae("books", "prices", "make", tmp_path / "prices.toml", "--json")
        assert said.code == 3
        assert place in json.dumps(said.json()), content[:40]
