"""What holds for any register: order never matters, a rule merges no company, sums are kept."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.claims import details, firms, names
from sonae.claims.customer import Customer
from sonae.claims.decision import Decision, pair_of
from sonae.claims.held import by_person
from sonae.claims.person import identify, keyed
from sonae.core.errors import InputError

NAMES = st.sampled_from(
    ["髙橋 太郎", "高橋太郎", "斎藤太郎", "斉藤太郎", "㈱高橋", "高橋商店 高橋太郎", ""]
)
KINDS = st.sampled_from(["person", "sole_proprietor", "corporate", "staff", "related"])
CUSTOMERS = st.builds(
    Customer,
    brand=st.sampled_from("AB"),
    customer_id=st.sampled_from("1234"),
    kind=KINDS,
    name=NAMES,
    name_kana=st.sampled_from(["ﾀｶﾊｼ ﾀﾛｳ", "たかはし たろう", "サイトウ タロウ", ""]),
    birth_date=st.sampled_from(["1980-01-02", "S55.1.2", "1981-01-02", ""]),
    address=st.sampled_from(
        ["東京都府中市宮町1-2", "府中市宮町一丁目2番", "広島県府中市宮町1-2", ""]
    ),
    phone=st.sampled_from(["090-1234-5678", "+819012345678", "0000000000", ""]),
)
REGISTERS = st.lists(CUSTOMERS, max_size=8, unique_by=lambda c: c.ref)
SAID = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7), st.booleans(), st.booleans()), max_size=4
)
FEW = settings(max_examples=60, deadline=None)


def decisions(rows: list[Customer], said: list[tuple[int, int, bool, bool]]) -> list[Decision]:
    found = []
    for a, b, same, both in said:
        if a < len(rows) and b < len(rows):
            for by in ("aoi", "ben")[: 1 + both]:
                found.append(Decision((rows[a].ref, rows[b].ref), same, by, "2026-11-20", "seen"))
    return found


@FEW
@given(REGISTERS, SAID, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_of_words_makes_no_difference(rows, said, dice) -> None:
    """The same persons, ids, candidates and refusals."""
    words = decisions(rows, said)

    def outcome(rows, words):
        try:
            return identify(keyed(rows, []), words)
        except InputError as error:
            return Counter((p.key, p.message.en) for p in error.problems)

    first = outcome(rows, words)
    dice.shuffle(rows)
    dice.shuffle(words)
    assert outcome(rows, words) == first


@FEW
@given(REGISTERS)
def test_without_decisions_nobody_is_merged_but_natural_persons_who_share_a_rule(rows) -> None:
    """No company joins anybody; every link names fields that are given and equal."""
    keys = keyed(rows, [])
    found = identify(keys)
    assert sorted(ref for p in found.persons for ref in p.members) == sorted(keys)
    for person in found.persons:
        if len(person.members) > 1:
            assert {keys[ref].nature for ref in person.members} == {"natural"}
            assert (
                len({(keys[r].name, keys[r].kana, keys[r].birth_date) for r in person.members}) == 1
            )
        assert {ref for link in person.links for ref in link.members} <= set(person.members)


@FEW
@given(REGISTERS, SAID)
def test_with_decisions_a_company_and_a_person_are_never_one(rows, said) -> None:
    """Whatever people say: it is refused, or members are of one nature and no word is broken."""
    keys, words = keyed(rows, []), decisions(rows, said)
    try:
        found = identify(keys, words)
    except InputError:
        return
    of = found.of()
    for person in found.persons:
        assert len({keys[ref].nature for ref in person.members}) == 1
    for word in words:
        assert word.same or of[word.pair[0]] != of[word.pair[1]]
    linked = {pair_of(*w.pair) for w in words if w.same}
    for person in found.persons:
        for link in person.links:
            assert link.rule != "decided" or link.members in linked


@FEW
@given(
    REGISTERS,
    st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["BTC", "JPY"]), st.integers())),
)
def test_per_asset_the_sum_before_is_the_sum_after(rows, balances) -> None:
    """And a second adding-up of the persons changes nothing."""
    of = identify(keyed(rows, [])).of()
    held = [(rows[n].ref, asset, units) for n, asset, units in balances if n < len(rows)]
    after = [(h.person, h.asset, h.units) for h in by_person(of, held)]
    for asset in ("BTC", "JPY"):
        before = sum(units for _, a, units in held if a == asset)
        assert sum(units for _, a, units in after if a == asset) == before
    itself = {("", person): person for person in of.values()}
    again = by_person(itself, [(("", person), asset, units) for person, asset, units in after])
    assert [(h.person, h.asset, h.units) for h in again] == after


@FEW
@given(st.text(max_size=20))
def test_normal_forms_are_normal(text) -> None:
    """Normal of normal is normal, for any text; no text is an error."""
    for form in (
        names.kana,
        names.sound,
        names.name,
        names.confusable,
        details.birth_date,
        details.phone,
    ):
        assert form(form(text)) == form(text)
    details.address(text)
    firms.split_trade_name(text)
    firms.corporate_form(text)
