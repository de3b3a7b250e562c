"""Notices to a customer: what they say, and that none ever has a link in it (E95)."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sonae.claims.hold import HOLDS, VISIBLE
from sonae.claims.incident import CAUSES
from sonae.core.errors import Refused
from sonae.core.text import LANGS, Lang, Text, same
from sonae.report.notice import (
    RETURN_REASONS,
    Entitled,
    Happened,
    Head,
    Paid,
    changed_notice,
    dispute_notice,
    draft_report,
    entitlement_notice,
    hold_notice,
    incident_notice,
    payment_notice,
    public_notice,
    return_notice,
    said,
    url_like,
)
from sonae.report.words import catalogue

HEAD = Head("備取引所株式会社", "山田 太郎", "N-2026-000017", date(2026, 12, 1))
JAPAN = timezone(timedelta(hours=9))
AT = datetime(2026, 11, 20, 13, 26, tzinfo=JAPAN)
HAPPENED = Happened("external_theft", AT, AT, {"BTC": Fraction(9005, 2)}, True, date(2026, 12, 8))
ENTITLED = Entitled(
    record_on=date(2026, 11, 20),
    asset="BTC",
    quantity=Fraction(3, 2),
    in_kind=Fraction(1),
    rate=Fraction(9_600_000),
    amount=4_800_000,
    goodwill=0,
    currency="JPY",
    method=Text("現物と金銭の併用", "coins and money"),
    discharge="agreed_substitute",
    object_by=date(2026, 12, 15),
)
PAID = Paid(
    "settled", "01234567890123456789", Fraction(4_800_000), "JPY", date(2026, 11, 30),
    "bank", "4567",
)  # fmt: skip
BACK = replace(PAID, state="back")

Notice = Callable[[Head, Lang], str]
NOTICES: dict[str, Notice] = {
    "incident": lambda head, lang: incident_notice(head, HAPPENED, lang),
    "entitlement": lambda head, lang: entitlement_notice(head, ENTITLED, lang),
    "payment": lambda head, lang: payment_notice(head, PAID, lang),
    "return": lambda head, lang: return_notice(head, BACK, "closed", lang),
    "hold": lambda head, lang: hold_notice(head, "estate", lang),
    "public": lambda head, lang: public_notice(head, HAPPENED, lang),
    "changed": lambda head, lang: changed_notice(head, 72, lang),
    "dispute": lambda head, lang: dispute_notice(head, date(2026, 12, 31), lang),
}
EVERY = [(name, lang) for name in NOTICES for lang in LANGS]

# An oracle of its own, cruder than the product's: a notice of ours matches none of these.
CRUDE = re.compile(r"://|www|@|＠|[A-Za-z0-9-][.．。｡][A-Za-z]{2}|https?|mailto|<a |href", re.I)
LINKS = (
    "https://evil.example/x", "HTTP://EVIL", "hxxps://evil", "www.evil", "WWW2.evil", "evil.com",
    "ｅｖｉｌ．ｃｏｍ", "evil｡com", "evil。com", "ev\u200bil.c\u200bom", "evil.c\ufe0fom",
    "悪.みんな", "悪。みんな", "пример.рф", "a@b", "a＠b", "mailto:a", "bitcoin:1A1zP1",
    "javascript:alert", "//evil", "1.2.3.4", "evil[.]com", "evil (dot) com", "xn--a.xn--b",
    "evil.co/pay", "tel:0312345678", "\\\\evil\\share", "J.Smith",
)  # fmt: skip


# -- E95 -------------------------------------------------------------------------------------------


def templates() -> list[tuple[str, str]]:
    """Every word of a notice, and every text that the product puts into one."""
    shown = ("notice", "cause")
    words = {k: t for k, t in catalogue().items() if k.startswith(shown)}
    words |= {f"hold.{k}": t for k, t in VISIBLE.items()}
    return [(f"{k} {lang}", t.lang(lang)) for k, t in words.items() for lang in LANGS]


def test_E95_no_template_of_a_notice_contains_an_address() -> None:
    every = templates()
    assert len(every) > 100
    assert [k for k, words in every if url_like(words) or CRUDE.search(words)] == []


def test_E95_no_template_asks_to_click_to_open_a_file_or_to_call() -> None:
    asks = re.compile(
        r"クリック|タップ|こちら|添付の|ダウンロード|click|tap |attached|download|call us"
    )
    assert [k for k, words in templates() if asks.search(words.casefold())] == []
    digits = [k for k, words in templates() if re.search(r"\d{3}", words)]
    assert digits == []


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_E95_a_notice_says_that_none_has_a_link(name: str, lang: Lang) -> None:
    text = NOTICES[name](HEAD, lang)
    assert catalogue()["notice.never"].lang(lang) in text
    assert not CRUDE.search(text)
    assert "{" not in text


@pytest.mark.parametrize("link", LINKS)
def test_E95_a_value_that_looks_like_an_address_is_refused(link: str) -> None:
    for value in (link, f"山田 {link}", f"({link})", link + "。"):
        with pytest.raises(Refused, match="a notice has none"):
            said("to", value)
    for name, lang in EVERY:
        for head in (replace(HEAD, to=link), replace(HEAD, firm=link), replace(HEAD, number=link)):
            with pytest.raises(Refused):
                NOTICES[name](head, lang)
    for changed in (
        replace(ENTITLED, method=same(link)),
        replace(ENTITLED, asset=link),
        replace(ENTITLED, currency=link),
        replace(ENTITLED, silence_clause=link),
        replace(ENTITLED, discharge="terms_clause", clause=link),
    ):
        with pytest.raises(Refused):
            entitlement_notice(HEAD, changed, "ja")
    with pytest.raises(Refused):
        incident_notice(HEAD, replace(HAPPENED, lost={link: Fraction(1)}), "en")
    with pytest.raises(Refused):
        payment_notice(HEAD, replace(PAID, last=link), "en")
    with pytest.raises(Refused):
        payment_notice(HEAD, replace(PAID, reference=link), "en")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "wallet"),
        ("0x52908400098527886E0F7030069857D2E4169EE7", "wallet"),
        ("03-1234-5678", "telephone"),
        ("０１２０－１２３－４５６", "telephone"),
        ("+81 90 1234 5678", "telephone"),
        ("山田\n太郎", "not seen"),
        ("山田\u202e太郎", "not seen"),
        ("山田\u2028至急", "not seen"),
        ("", "characters are needed"),
        ("長" * 201, "characters are needed"),
    ],
)
def test_E95_a_wallet_a_telephone_or_a_hidden_character_is_refused(value: str, kind: str) -> None:
    with pytest.raises(Refused, match=kind):
        said("to", value)


def test_E95_plain_names_and_amounts_are_no_addresses() -> None:
    for value in ("山田 太郎", "髙󠄁橋", "O'Neil, J. P.", "John A. Smith-Jones", "株式会社エー・ビー",
                  "Müller", "Co., Ltd.", "1.5 BTC", "0.00000001", "約款第12条第3項"):  # fmt: skip
        assert said("to", value) == value


HOSTILE = st.text(max_size=60) | st.builds(
    lambda a, link, b: a + link + b,
    st.text(max_size=8),
    st.sampled_from(LINKS),
    st.text(max_size=8),
)
HOSTILE |= st.text(st.sampled_from("ab.。．｡@:/w{}1 \u200bー株"), max_size=30)


@settings(max_examples=400, deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE, st.sampled_from(EVERY))
@example("evil.", "firm", "BTC", ("incident", "ja"))
@example("{firm}", "{to.__class__}", "BTC", ("payment", "en"))
def test_E95_whatever_a_customer_gives_a_notice_has_no_address_or_is_refused(
    to: str, firm: str, other: str, which: tuple[str, Lang]
) -> None:
    name, lang = which
    head = replace(HEAD, to=to, firm=firm)
    entitled = replace(ENTITLED, method=same(other), silence_clause=other)
    for make in (
        lambda: NOTICES[name](head, lang),
        lambda: entitlement_notice(HEAD, entitled, lang),
        lambda: incident_notice(HEAD, replace(HAPPENED, lost={other: Fraction(1, 3)}), lang),
    ):
        try:
            text = make()
        except Refused:
            continue
        assert not CRUDE.search(text)
        assert not url_like(text)
        assert {c for c in text if unicodedata.category(c) in ("Cc", "Cf")} == {"\n"}
        assert catalogue()["notice.never"].lang(lang) in text


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(CAUSES),
    st.integers(1, 10**12),
    st.integers(1, 10**6),
    st.booleans(),
    st.sampled_from(LANGS),
)
def test_E95_no_amount_or_day_makes_a_notice_look_like_an_address(
    cause: str, above: int, below: int, leaked: bool, lang: Lang
) -> None:
    quantity = Fraction(above, below)
    happened = replace(HAPPENED, cause=cause, lost={"JPY": quantity}, personal_data=leaked)
    incident_notice(HEAD, happened, lang)
    entitlement_notice(
        HEAD,
        replace(
            ENTITLED,
            quantity=quantity,
            in_kind=quantity / 3,
            amount=quantity * 2 / 3 * 9_600_000 // 1,
            goodwill=above,
        ),
        lang,
    )
    for state, where in itertools.product(("released", "settled"), ("bank", "credit", "chain")):
        paid = replace(PAID, state=state, where=where, amount=quantity, last="9zQ4")
        payment_notice(HEAD, paid, lang)
    for reason in RETURN_REASONS:
        return_notice(HEAD, BACK, reason, lang)


# -- what each says --------------------------------------------------------------------------------


def test_an_incident_says_what_was_lost_when_and_when_more_is_told() -> None:
    ja, en = (incident_notice(HEAD, HAPPENED, lang) for lang in LANGS)
    assert "失われた資産：4,502.5 BTC" in ja
    assert "2026年11月20日 13:26（日本時間）" in ja
    assert "2026年12月8日までに" in ja
    assert "20 November 2026, 13:26 (Japan time)" in en
    abroad = replace(HAPPENED, learned_at=datetime(2026, 11, 20, 5, 0, tzinfo=UTC))
    assert "05:00 (UTC+0000)" in incident_notice(HEAD, abroad, "en")
    for wrong in ({"next_by": HEAD.on}, {"learned_at": AT - timedelta(hours=1)}):
        with pytest.raises(Refused):
            incident_notice(HEAD, replace(HAPPENED, **wrong), "ja")  # type: ignore[arg-type]


def test_an_entitlement_says_amounts_method_discharge_silence_and_how_to_object() -> None:
    ja, en = (entitlement_notice(HEAD, ENTITLED, lang) for lang in LANGS)
    for words in ("1.5 BTC", "4,800,000円", "9,600,000円", "0.5 BTC", "現物と金銭の併用"):
        assert words in ja
    for part in ("代物弁済", "同じ種類・同じ数量", "同意いただいたものとして扱うことはありません",
                 "2026年12月15日までに"):  # fmt: skip
        assert part in ja
    for part in ("Only if you agree", "Silence is not agreement", "by 15 December 2026"):
        assert part in en


def test_silence_is_agreement_only_where_a_clause_of_the_terms_says_so() -> None:
    by_terms = replace(ENTITLED, silence_clause="約款第12条第3項")
    ja, en = (entitlement_notice(HEAD, by_terms, lang) for lang in LANGS)
    assert "約款第12条第3項の定めにより" in ja
    assert "扱うことはありません" not in ja
    assert "no objection by 15 December 2026 counts as agreement" in en
    assert "Silence is not" not in en


def test_money_that_discharges_nothing_says_that_the_coins_stay_claimed() -> None:
    none = replace(ENTITLED, discharge="none")
    assert "返還を求める権利が残ります" in entitlement_notice(HEAD, none, "ja")
    assert "your claim to them stays" in entitlement_notice(HEAD, none, "en")
    coins = replace(ENTITLED, in_kind=ENTITLED.quantity, rate=None, amount=0, discharge="in_kind")
    text = entitlement_notice(HEAD, coins, "ja")
    assert "代物弁済" not in text
    assert "お支払いする額" not in text
    assert "円" not in text


@pytest.mark.parametrize(
    "changed",
    [
        {"discharge": "silence"},
        {"discharge": "in_kind"},
        {"discharge": "terms_clause"},
        {"clause": "約款第9条"},
        {"object_by": HEAD.on},
        {"in_kind": Fraction(2)},
        {"amount": 4_800_001},
        {"record_on": date(2026, 12, 2)},
        {"rate": None},
        {"amount": -1},
        {"in_kind": Fraction(3, 2)},
    ],
)
def test_an_entitlement_that_contradicts_itself_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(Refused):
        entitlement_notice(HEAD, replace(ENTITLED, **changed), "ja")  # type: ignore[arg-type]


def test_a_payment_shows_the_last_digits_alone() -> None:
    ja = payment_notice(HEAD, PAID, "ja")
    assert "PAYMENT-SETTLED" in ja
    assert "末尾4567" in ja
    assert "01234567890123456789" in ja
    assert "2026年11月30日" in ja
    with pytest.raises(Refused, match="and no more"):
        payment_notice(HEAD, replace(PAID, last="1234567"), "ja")
    with pytest.raises(Refused, match="after that of the notice"):
        payment_notice(HEAD, replace(PAID, on=date(2026, 12, 2)), "ja")
    sent = replace(PAID, on=date(2026, 12, 2), state="released")
    assert "PAYMENT-SENT" in payment_notice(HEAD, sent, "ja")
    with pytest.raises(Refused, match="state"):
        payment_notice(HEAD, replace(PAID, state="unknown"), "ja")


def test_a_return_says_why_and_what_to_do_and_only_once_the_money_is_back() -> None:
    en = return_notice(HEAD, BACK, "name_differs", "en")
    assert "the name of the account differs" in en
    assert "Your claim is not lost" in en
    with pytest.raises(Refused, match="state"):
        return_notice(HEAD, replace(PAID, state="returned"), "closed", "en")


@pytest.mark.parametrize("lang", LANGS)
def test_a_hold_shows_its_visible_text_alone(lang: Lang) -> None:
    shown = {code: hold_notice(HEAD, code, lang) for code in HOLDS}
    for code, text in shown.items():
        assert VISIBLE[HOLDS[code]].lang(lang) in text
        assert f"HOLD-{HOLDS[code].upper()}" in text
    assert len(set(shown.values())) == len(VISIBLE)
    assert shown["suspicion"] == shown["unverified"] == shown["account_check"]
    assert not re.search("疑わしい|suspici|警察|police|sanction|制裁", shown["suspicion"])


@pytest.mark.parametrize("lang", LANGS)
def test_a_draft_for_an_office_says_what_is_known_what_is_missing_and_by_when(lang: Lang) -> None:
    head = replace(HEAD, to="Finance Bureau")
    for due, said_ in ((date(2026, 12, 20), "2026"), ("promptly", ""), (None, "")):
        text = draft_report(head, HAPPENED, (Fraction(5), "JPY"), due, lang)
        assert catalogue()["notice.draft_add"].lang(lang) in text
        assert said_ in text
        assert not CRUDE.search(text)
    with pytest.raises(Refused, match="due"):
        draft_report(head, HAPPENED, None, "soon", lang)
    with pytest.raises(Refused, match="answer"):
        dispute_notice(HEAD, HEAD.on, lang)
    with pytest.raises(Refused):
        draft_report(replace(head, to="www.evil"), HAPPENED, None, None, lang)
