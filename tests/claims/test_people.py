"""One person over accounts and brands (E51, E52, E53, E82), and what people decide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sonae.claims.customer import Customer, Ref
from sonae.claims.decision import Decision, seen
from sonae.claims.held import by_person
from sonae.claims.person import People, identify, keyed
from sonae.core.errors import InputError, Refused

TARO = Customer(
    "A", "1", "person", "髙橋 太郎", "ﾀｶﾊｼ ﾀﾛｳ", "1980-01-02", "東京都府中市宮町一丁目2番3号",
    "090-1234-5678", "taro@example.jp", "0001", "001", "1234567",
)  # fmt: skip
AT_B = TARO._replace(
    brand="B",
    customer_id="9",
    name="高橋太郎",
    name_kana="たかはしたろう",
    birth_date="昭和55年1月2日",
    address="府中市宮町１ー２ー３",
    phone="",
    payout_account="",
)


def people(*customers: Customer, decisions: tuple[Decision, ...] = ()) -> People:
    problems: list = []
    keys = keyed(customers, problems)
    assert problems == []
    return identify(keys, decisions)


def say(a: Ref, b: Ref, same: bool, *by: str) -> tuple[Decision, ...]:
    return tuple(Decision((a, b), same, who, "2026-11-20", "looked at both files") for who in by)


def refusals(*customers: Customer, decisions: tuple[Decision, ...]) -> list[str]:
    with pytest.raises(InputError) as caught:
        people(*customers, decisions=decisions)
    assert all(p.message.ja and p.message.en for p in caught.value.problems)
    return [f"{p.key}: {p.message.en}" for p in caught.value.problems]


def test_e51_a_user_of_both_firms_is_one_person_and_no_unit_is_lost() -> None:
    """Other writing of name, kana, date and address; caps then count the person once."""
    found = people(
        TARO, AT_B, TARO._replace(customer_id="2", name="鈴木 花子", name_kana="スズキ ハナコ")
    )
    [both] = [p for p in found.persons if len(p.members) == 2]
    assert both.members == (("A", "1"), ("B", "9"))
    assert both.why(("B", "9")).rule == "same-address"
    held = [(("A", "1"), "BTC", 3), (("B", "9"), "BTC", 4), (("A", "2"), "BTC", 5)]
    held += [(("B", "9"), "JPY", 10**30), (("A", "1"), "JPY", -1)]
    after = by_person(found.of(), held)
    for asset in ("BTC", "JPY"):
        before = sum(units for _, a, units in held if a == asset)
        assert sum(h.units for h in after if h.asset == asset) == before
    assert [(h.asset, h.units) for h in after if h.person == both.id] == [
        ("BTC", 7),
        ("JPY", 10**30 - 1),
    ]


def test_e52_same_kana_and_birth_date_but_other_kanji_and_address_is_for_people() -> None:
    """A candidate that shows what agrees and what differs; two persons until two people say one."""
    other = AT_B._replace(name="高端 太朗", address="大阪市北区梅田1-1", email="t@example.jp")
    found = people(TARO, other)
    assert [p.members for p in found.persons] == [(("A", "1"),), (("B", "9"),)]
    [candidate] = found.candidates
    assert candidate.agrees == ("kana", "birth_date")
    assert candidate.differs == ("name", "address", "email")


def test_e52_twins_who_share_all_but_their_names_are_not_merged() -> None:
    """Same birth date, address, phone and even payout account: still two persons."""
    twin = TARO._replace(customer_id="2", name="髙橋 次郎", name_kana="ﾀｶﾊｼ ｼﾞﾛｳ")
    found = people(TARO, twin)
    assert len(found.persons) == 2
    assert [c.differs for c in found.candidates] == [("name", "kana")]


def test_e53_a_sole_proprietor_is_the_person_and_a_company_is_not() -> None:
    """The shop's account is the owner's; the owner's company stands alone, whatever it shares."""
    shop = TARO._replace(
        customer_id="2", kind="sole_proprietor", name="髙橋商店 髙橋太郎",
        name_kana="タカハシシヨウテン タカハシタロウ",
    )  # fmt: skip
    firm = TARO._replace(customer_id="3", kind="corporate", name="株式会社髙橋商店")
    odd = TARO._replace(customer_id="4", name="㈱髙橋太郎")
    found = people(TARO, shop, firm, odd)
    assert sorted(p.members for p in found.persons) == [
        (("A", "1"), ("A", "2")),
        (("A", "3"),),
        (("A", "4"),),
    ]
    assert found.unclear == (("A", "4"),)
    joined = say(("A", "1"), ("A", "3"), True, "aoi", "ben")
    joined += say(("A", "1"), ("A", "4"), True, "aoi", "ben")
    said = refusals(TARO, shop, firm, odd, decisions=joined)
    assert len(said) == 4
    assert "A/1 = A/3: a company and a person are never one; withdraw the decision" in said


def test_e82_two_claims_of_one_person_are_one_entitlement_with_both_as_evidence() -> None:
    """An exchange account and one of an acquired brand: one sum, and where each part comes from."""
    found = people(TARO, AT_B)
    [one] = by_person(found.of(), [(("A", "1"), "BTC", 100), (("B", "9"), "BTC", 50)])
    assert (one.units, one.parts) == (150, ((("A", "1"), 100), (("B", "9"), 50)))
    assert found.persons[0].links[0].evidence == ("name", "kana", "birth_date", "address")


def test_characters_that_people_confuse_make_candidates_only() -> None:
    """斎藤 and 斉藤 are two names although everything else is the same."""
    sai = TARO._replace(name="斎藤 太郎", name_kana="サイトウ タロウ")
    found = people(sai, sai._replace(brand="B", name="斉藤 太郎"))
    assert len(found.persons) == 2
    assert "name" in found.candidates[0].differs
    assert len(people(sai, sai._replace(brand="B", name="齋藤 太郎")).persons) == 1


def test_府中市_of_two_prefectures_is_no_common_address() -> None:
    """Without a prefecture an address fits one of them only where no other is named."""
    base = TARO._replace(phone="", payout_account="")
    hiroshima = base._replace(brand="B", address="広島県府中市宮町1-2-3")
    unnamed = base._replace(brand="C", address="府中市宮町1-2-3")
    assert len(people(base, unnamed).persons) == 1
    assert len(people(base, hiroshima).persons) == 2
    assert len(people(base, hiroshima, unnamed).persons) == 3


@pytest.mark.parametrize("field", ["name", "name_kana", "birth_date"])
def test_a_missing_field_proves_nothing(field: str) -> None:
    """Two empty fields are not two equal ones."""
    bare = TARO._replace(**{field: ""})
    assert len(people(bare, bare._replace(brand="B")).persons) == 2


def test_a_ward_alone_is_no_common_address() -> None:
    """Nor are placeholders a common phone or account."""
    base = TARO._replace(address="東京都世田谷区", phone="090-0000-0000", payout_account="9999999")
    assert len(people(base, base._replace(brand="B")).persons) == 2


def test_a_related_party_that_may_be_a_company_is_unclear() -> None:
    """With a birth date it is a person, who joins their own account; without one nobody knows."""
    party = TARO._replace(brand="B", kind="related")
    assert len(people(TARO, party).persons) == 1
    assert people(TARO, party._replace(birth_date="")).unclear == (("B", "1"),)


# -- decisions -------------------------------------------------------------------------------------

OTHER = AT_B._replace(name="高端 太朗", address="大阪市北区梅田1-1")
PAIR = (("B", "9"), ("A", "1"))


def test_it_takes_two_people_to_merge() -> None:
    """One word waits; the same person twice, with a space or a capital, is one person."""
    for by in (("aoi",), ("aoi", " Aoi"), ("aoi", "ａｏｉ")):
        found = people(TARO, OTHER, decisions=say(*PAIR, True, *by))
        assert (len(found.persons), found.waiting) == (2, ((("A", "1"), ("B", "9")),))
        assert len(found.candidates) == 1
    found = people(TARO, OTHER, decisions=say(*PAIR, True, "aoi", "Ben"))
    [one] = found.persons
    assert (one.links[0].rule, one.links[0].evidence) == ("decided", ("Ben", "aoi"))
    assert (found.waiting, found.candidates) == ((), ())


def test_a_pair_that_two_people_keep_apart_is_not_asked_about_again() -> None:
    """Nor any other pair of the same two persons."""
    again = OTHER._replace(brand="C")
    assert len(people(TARO, OTHER, again).candidates) == 1
    found = people(TARO, OTHER, again, decisions=say(*PAIR, False, "aoi", "ben"))
    assert (len(found.persons), found.candidates) == (2, ())


def test_decisions_that_contradict_along_a_chain_are_refused_and_listed() -> None:
    """A = B and B = C are yes, A = C is no: not even one person's no is passed over."""
    third = OTHER._replace(brand="C", name="高梁 太郎", payout_account="7", address="")
    yes = say(*PAIR, True, "aoi", "ben") + say(("B", "9"), ("C", "9"), True, "aoi", "ben")
    assert len(people(TARO, OTHER, third, decisions=yes).persons) == 1
    for by in (("chi",), ("aoi", "chi")):
        [said] = refusals(
            TARO, OTHER, third, decisions=yes + say(("A", "1"), ("C", "9"), False, *by)
        )
        assert said.startswith("A/1 = C/9: kept apart, yet")


def test_two_people_overrule_a_rule_and_one_does_not() -> None:
    """The pair is shown as overruled; a third customer who ties both must be decided too."""
    no = say(("A", "1"), ("B", "9"), False, "aoi", "ben")
    found = people(TARO, AT_B, decisions=no)
    assert (len(found.persons), len(found.overruled)) == (2, 1)
    assert len(refusals(TARO, AT_B, decisions=no[:1])) == 1
    third = AT_B._replace(brand="C")
    assert len(refusals(TARO, AT_B, third, decisions=no)) == 1
    more = no + say(("A", "1"), ("C", "9"), False, "aoi", "ben")
    assert sorted(len(p.members) for p in people(TARO, AT_B, third, decisions=more).persons) == [
        1,
        2,
    ]


def test_what_was_decided_of_other_records_is_refused() -> None:
    """A new address leaves a decision standing, a new birth date does not."""
    keys = keyed([TARO, OTHER], [])
    mark = seen(*(keys[ref] for ref in PAIR))
    words = tuple(replace(w, seen=mark) for w in say(*PAIR, True, "aoi", "ben"))
    assert len(people(TARO, OTHER._replace(address="", phone="1"), decisions=words).persons) == 1
    said = refusals(TARO, OTHER._replace(birth_date="1980-01-03"), decisions=words)
    assert ["changed since" in line for line in said] == [True, True]


def test_every_decision_that_cannot_stand_is_listed_at_once() -> None:
    """Unknown customer, itself, no reason, yes and no."""
    bad = (
        *say(("A", "1"), ("B", "404"), True, "aoi"),
        *say(("A", "1"), ("A", "1"), True, "aoi"),
        Decision(PAIR, True, "aoi", "2026-11-20", " "),
        *say(*PAIR, True, "aoi"),
        *say(*PAIR, False, "ben"),
    )
    assert len(refusals(TARO, OTHER, decisions=bad)) == 4


def test_two_companies_of_one_name_are_one_by_decision_only() -> None:
    """The same name is a candidate; two people who saw both registers may say it is one company."""
    firm = Customer("A", "1", "corporate", "㈱山田", phone="0312345678", birth_date="2000-01-01")
    twice = firm._replace(brand="B", name="株式会社 山田")
    found = people(firm, twice)
    assert (len(found.persons), len(found.candidates)) == (2, 1)
    both = say(("A", "1"), ("B", "1"), True, "aoi", "ben")
    assert len(people(firm, twice, decisions=both).persons) == 1
    assert people(firm, twice._replace(name="山田㈱")).candidates == ()


def test_one_customer_id_with_two_different_rows_is_a_problem() -> None:
    """The same row twice is one customer."""
    problems: list = []
    assert len(keyed([TARO, TARO], problems)) == 1
    assert problems == []
    keyed([TARO, TARO._replace(phone="1")], problems)
    assert [p.key for p in problems] == ["A/1"]


def test_a_balance_of_nobody_is_refused() -> None:
    """Nothing is dropped on the way from customers to persons."""
    with pytest.raises(Refused):
        by_person({}, [(("A", "1"), "BTC", 1)])
