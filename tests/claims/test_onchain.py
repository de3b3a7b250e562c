"""Batches on chains: addresses by their published vectors, what is never signed, fees that wait."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonae.actions.pay.way_chain import keccak256
from sonae.claims.rails.address import (
    BASE58,
    base58check,
    checksummed,
    fault,
    fold,
    witness,
)
from sonae.claims.rails.onchain import Batch, Exchange, Known, Payout, Rules, Unhosted, batch
from sonae.core.errors import InputError

KEY_HASH = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
TAPROOT = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"
TO_KEY, TO_SCRIPT = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"
XRP = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"
ETHER = "0x52908400098527886e0f7030069857d2e4169ee7"
OTHER = "0xde709f2102306220921060314715629080e2fb77"
SHA = "0123456789abcdef" * 4
OWN, TRAVEL = Unhosted(SHA), Exchange("備え取引所 山田太郎", "ヤマダ タロウ", "別取引所")
RULES = Rules(
    forms={"bitcoin": "bitcoin", "ethereum": "ethereum", "xrp": "xrp"},
    fees={("bitcoin", "BTC"): 1000, ("ethereum", "ETH"): 50, ("xrp", "XRP"): 12},
    exchanges={XRP: Known("別取引所", True), OTHER: Known("別取引所", False)},
    contracts=(),
    listed=(),
)


def payout(n: int = 1, **changes: Any) -> Payout:
    plain = Payout(f"{n:020}", f"P{n}", "bitcoin", "BTC", 5000, KEY_HASH, OWN)
    return plain._replace(**changes)


def refused(*payouts: Payout, rules: Rules = RULES) -> list[tuple[str, str]]:
    """Name and column of every problem; both languages are there."""
    with pytest.raises(InputError) as error:
        batch(payouts, rules)
    assert all(p.message.ja and p.message.en for p in error.value.problems)
    return [(p.name, p.column) for p in error.value.problems]


# -- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "hrp", "script"),
    [
        (KEY_HASH.upper(), "bc", "0014751e76e8199196d454941c45d1b3a323f1433bd6"),
        (
            "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
            "tb",
            "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262",
        ),
        (
            "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
            "bc",
            "5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6",
        ),
        ("BC1SW50QGDZ25J", "bc", "6002751e"),
        ("bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "bc", "5210751e76e8199196d454941c45d1b3a323"),
        (
            "tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy",
            "tb",
            "0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
        ),
        (
            "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c",
            "tb",
            "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
        ),
        (
            TAPROOT,
            "bc",
            "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        ),
    ],
)
def test_valid_segwit_vectors_of_bip_350_decode_to_their_script(
    address: str, hrp: str, script: str
) -> None:
    """The list of valid addresses of BIP-350, which holds those of BIP-173 that are still valid."""
    found = witness(address, hrp)
    assert found is not None
    version, program = found
    opcode = version + 0x50 if version else 0
    assert bytes([opcode, len(program)]).hex() + program.hex() == script


@pytest.mark.parametrize(
    "address",
    [
        "tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut",  # another prefix
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",  # not by BIP-350
        "tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf",
        "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",  # version 0, but by BIP-350
        "tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47",
        "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",  # a bad character
        "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R",  # version 17
        "bc1pw5dgrnzv",  # one byte
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",  # 41
        "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",  # version 0 of 16 bytes
        "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq",  # mixed case
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf",  # padding too long
        "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j",  # padding not zero
        "bc1gmk9yu",  # nothing
    ],
)
def test_invalid_segwit_vectors_of_bip_350_have_no_witness(address: str) -> None:
    """On neither network, whatever the reason."""
    assert witness(address, "bc") is None
    assert witness(address, "tb") is None
    assert fault(address, "bitcoin") is not None


@pytest.mark.parametrize("address", [TO_KEY, TO_SCRIPT, KEY_HASH, KEY_HASH.upper(), TAPROOT])
def test_bitcoin_addresses_that_can_be_paid_have_no_fault(address: str) -> None:
    assert fault(address, "bitcoin") is None


def test_a_checksum_made_for_another_prefix_is_no_witness() -> None:
    """The prefix itself is compared, not only what it adds to the checksum."""
    assert witness(f"tb{KEY_HASH[2:]}", "bc") is None
    assert witness(f"bc1x{KEY_HASH[2:]}", "bc") is None


def test_a_bitcoin_address_that_anyone_could_spend_from_is_refused() -> None:
    """Valid by BIP-350, but of a version or a length without rules."""
    long = "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y"
    for address in ("BC1SW50QGDZ25J", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", long):
        text = fault(address, "bitcoin")
        assert text is not None
        assert "anyone could spend" in text.en


@pytest.mark.parametrize(
    "address",
    ["", "1", "1" * 34, TO_KEY[:-1], TO_KEY + "1", TO_KEY.lower(), f" {TO_KEY}", "１" + TO_KEY[1:],
     "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", XRP, "9" * 5000],
)  # fmt: skip
def test_a_wrong_base58_address_is_refused(address: str) -> None:
    """Too short, too long, of the test network, of another chain, with a space."""
    assert fault(address, "bitcoin") is not None


@given(st.sampled_from([TO_KEY, TO_SCRIPT, KEY_HASH, TAPROOT, XRP]), st.data())
def test_one_wrong_character_is_always_found(address: str, data: st.DataObject) -> None:
    """A slip of the hand is what checksums are for; the first characters say which form it is."""
    form = "xrp" if address == XRP else "bitcoin"
    place = data.draw(st.integers(1 if form == "xrp" else 4, len(address) - 1))
    alphabet = BASE58[form] if address in (TO_KEY, TO_SCRIPT, XRP) else "023456789acdefghjklmnpqr"
    other = data.draw(st.sampled_from([c for c in alphabet if c != address[place]]))
    assert fault(address[:place] + other + address[place + 1 :], form) is not None


def test_xrp_addresses_are_checked_in_their_own_alphabet() -> None:
    """The genesis account; an X-address is refused with what to give instead."""
    held = base58check(XRP, BASE58["xrp"])
    assert held is not None
    assert held.hex() == "00b5f762798a53d543a014caf8b297cff8f2f937e8"
    assert fault(XRP, "xrp") is None
    text = fault("XVLhHMPHU98es4dbozjVtdWzVrDjtV5AqEL4xcZj5whKbmc", "xrp")
    assert text is not None
    assert "destination tag" in text.en


EIP_55 = [
    "0x52908400098527886E0F7030069857D2E4169EE7",  # all capitals
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",  # all small
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]
"""The addresses that EIP-55 gives as right."""


@pytest.mark.parametrize("address", EIP_55)
def test_the_vectors_of_eip_55_are_right_and_one_letter_in_another_case_is_not(
    address: str,
) -> None:
    assert fault(address, "ethereum", keccak256) is None
    letters = [n for n, c in enumerate(address) if n > 1 and c.isalpha()]
    for n in letters:
        odd = address[:n] + address[n].swapcase() + address[n + 1 :]
        if odd[2:] not in (odd[2:].lower(), odd[2:].upper()):
            text = fault(odd, "ethereum", keccak256)
            assert text is not None
            assert "EIP-55" in text.en
            assert "EIP-55" in text.ja


def test_without_the_hash_mixed_case_is_refused_and_one_case_is_taken() -> None:
    assert fault(ETHER, "ethereum") is None
    assert fault("0x" + ETHER[2:].upper(), "ethereum") is None
    text = fault(EIP_55[4], "ethereum")
    assert text is not None
    assert "cannot be checked" in text.en
    for address in (ETHER[:-1], ETHER + "0", ETHER[2:], "0X" + ETHER[2:], "0x" + "0" * 40):
        assert fault(address, "ethereum", keccak256) is not None


@given(st.binary(min_size=20, max_size=20).filter(any))
def test_an_address_in_its_own_checksum_is_taken_by_a_batch_and_written_small(body: bytes) -> None:
    address = checksummed("0x" + body.hex(), keccak256)
    given_ = payout(chain="ethereum", asset="ETH", address=address)
    made = batch([given_], replace(RULES, keccak=keccak256))
    assert json.loads(made.content)["payouts"][0]["address"] == address.lower()


# -- what is never signed ------------------------------------------------------------------------


def test_E100_an_exchange_without_its_memo_is_refused_before_signing() -> None:
    """By chain, and by an address that is known; where it is known not to need one, it does not."""
    tagged = payout(chain="xrp", asset="XRP", address=XRP, to=TRAVEL, memo="104")
    assert batch([tagged], RULES).payouts == (tagged,)
    assert refused(tagged._replace(memo="")) == [("memo-missing", "memo")]
    unknown = replace(RULES, exchanges={})
    assert refused(tagged._replace(memo=""), rules=unknown) == [("memo-missing", "memo")]
    none = replace(RULES, exchanges={XRP: Known("別取引所", False)})
    assert len(batch([tagged._replace(memo="")], none).payouts) == 1
    for memo in ("-1", "4294967296", "x", "01", " 1", "１"):
        assert refused(tagged._replace(memo=memo)) == [("bad-memo", "memo")]
    assert refused(payout(memo="1")) == [("bad-memo", "memo")]


@pytest.mark.parametrize(("column", "name"), [("contracts", "contract"), ("listed", "listed")])
@pytest.mark.parametrize("writing", [str, lambda a: "0x" + a[2:].upper(), lambda a: f" {a}\n"])
def test_E100_a_contract_or_a_listed_address_is_refused_in_any_writing(
    column: str, name: str, writing: Any
) -> None:
    """Lists are often in mixed case; case is not what tells two addresses apart."""
    rules = replace(RULES, **{column: [writing(ETHER)]})
    given = payout(chain="ethereum", asset="ETH", address="0x" + ETHER[2:].upper())
    assert refused(given, rules=rules) == [(f"{name}-address", "address")]
    mixed = given._replace(address="0x" + ETHER[2:].replace("e", "E", 1))
    assert refused(mixed, rules=rules) == [
        ("bad-address", "address"),
        (f"{name}-address", "address"),
    ]
    fine = payout(chain="ethereum", asset="ETH", address=OTHER, to=TRAVEL)
    assert batch([fine], rules).payouts == (fine,)


def test_E100_no_list_at_all_is_not_an_empty_list() -> None:
    """Nothing is paid on the guess that nothing is listed."""
    rules = replace(RULES, contracts=None, listed=None)
    assert refused(payout(), rules=rules) == [
        ("list-missing", "contracts"),
        ("list-missing", "listed"),
    ]


def test_E100_travel_rule_data_or_an_assessment_must_be_there() -> None:
    """Names of both sides and the venue; of an unhosted wallet, its assessment."""
    for column in ("originator", "beneficiary", "venue"):
        to = TRAVEL._replace(**{column: " "})
        assert refused(payout(to=to)) == [("travel-rule-missing", column)]
    assert refused(payout(to=Exchange("", "", ""))) == [
        ("travel-rule-missing", c) for c in ("originator", "beneficiary", "venue")
    ]
    for assessment in ("", "yes", SHA.upper(), SHA + "\n"):
        assert refused(payout(to=Unhosted(assessment))) == [("assessment-missing", "assessment")]


def test_E100_a_known_exchange_is_not_an_unhosted_wallet_nor_another_exchange() -> None:
    """What is known of the address stands above what was stated."""
    given = payout(chain="ethereum", asset="ETH", address=OTHER, to=OWN)
    assert refused(given) == [("travel-rule-missing", "to")]
    other = given._replace(to=TRAVEL._replace(venue="ほかの取引所"))
    assert refused(other) == [("other-venue", "venue")]


def test_E100_every_problem_of_every_payout_is_told_at_once() -> None:
    """Nothing is written until all are gone."""
    rules = replace(RULES, listed=[TO_KEY], fees={**RULES.fees, ("bitcoin", "X"): -1})
    found = refused(
        payout(1, address="nowhere", amount=0, to=Unhosted("")),
        payout(2, address=TO_KEY, to=TRAVEL._replace(venue="")),
        payout(2, chain="solana", asset="SOL", person=""),
        payout(3, reference="3", amount=True),
        rules=rules,
    )
    assert found == [
        ("bad-fee", "fees"),
        ("bad-amount", "amount"),
        ("bad-address", "address"),
        ("assessment-missing", "assessment"),
        ("same-reference", "reference"),
        ("listed-address", "address"),
        ("travel-rule-missing", "venue"),
        ("same-reference", "reference"),
        ("person-missing", "person"),
        ("fee-unknown", "asset"),
        ("unknown-chain", "chain"),
        ("bad-digits", "reference"),
        ("bad-amount", "amount"),
    ]
    assert refused() == [("nothing-to-pay", "")]
    odd: Any = {"bitcoin": "base64"}
    assert ("unknown-form", "forms") in refused(payout(), rules=replace(RULES, forms=odd))


# -- fees ----------------------------------------------------------------------------------------


def test_E99_a_fee_larger_than_the_payout_waits_and_the_customer_is_not_charged() -> None:
    """A fee as large as the payout is still paid, by the firm; the amount is never lowered."""
    made = batch([payout(1, amount=999), payout(2, amount=1000), payout(3, amount=1001)], RULES)
    assert [(p.reference[-1], p.amount) for p in made.payouts] == [("2", 1000), ("3", 1001)]
    (waiting,) = made.waiting
    assert (waiting.payout, waiting.fee) == (payout(1, amount=999), 1000)
    assert waiting.options == ("wait", "other_rail")
    assert "1000" in waiting.reason.ja
    assert "the customer is not charged" in waiting.reason.en
    assert [tuple(s) for s in made.sums] == [("bitcoin", "BTC", 2, 2001, 2000)]


def test_E99_small_payouts_to_one_address_may_be_paid_together() -> None:
    """Offered only where one fee would not exceed them all, for the same person and address."""
    same = [payout(n, amount=500, person="P") for n in (1, 2)]
    other = payout(3, amount=500, address=TAPROOT, person="P")
    made = batch([*same, other, payout(4, amount=500, person="Q")], RULES)
    assert made.payouts == ()
    assert [w.options[0] for w in made.waiting] == ["together", "together", "wait", "wait"]
    assert json.loads(made.content)["payouts"] == []


_PAYOUTS = st.builds(
    lambda amounts: [payout(n, amount=a, person=f"P{n % 3}") for n, a in enumerate(amounts)],
    st.lists(st.integers(1, 3000), min_size=1, max_size=12),
)


@given(_PAYOUTS, st.integers(0, 3000))
def test_E99_batch_and_waiting_are_what_was_given(payouts: list[Payout], fee: int) -> None:
    """Nothing is dropped, nothing is lowered, and each is where its fee puts it."""
    made = batch(payouts, replace(RULES, fees={("bitcoin", "BTC"): fee}))
    there = [*made.payouts, *(w.payout for w in made.waiting)]
    assert Counter(there) == Counter(payouts)
    assert all(p.amount >= fee for p in made.payouts)
    assert all(w.payout.amount < fee == w.fee for w in made.waiting)
    sums = sum(s.amount for s in made.sums)
    assert sums + sum(w.payout.amount for w in made.waiting) == sum(p.amount for p in payouts)
    assert _read(made) == [(p.reference, p.amount, p.address) for p in made.payouts]


@given(_PAYOUTS, st.randoms(use_true_random=False))
def test_the_order_given_never_matters(payouts: list[Payout], random: Any) -> None:
    """The same payouts give the same bytes."""
    mixed = [*payouts]
    random.shuffle(mixed)
    assert batch(mixed, RULES) == batch(payouts, RULES)


def _read(made: Batch) -> list[tuple[str, int, str]]:
    assert made.sha256 == sha256(made.content).hexdigest()
    document = json.loads(made.content)
    return [(p["reference"], int(p["amount"]), p["address"]) for p in document["payouts"]]


def test_the_bytes_hold_what_a_signer_needs_and_no_name() -> None:
    """One writing of an address, amounts as text, which lists were checked."""
    loud = payout(address=KEY_HASH.upper(), to=TRAVEL)
    made = batch([loud], RULES)
    document = json.loads(made.content)
    assert document["payouts"] == [
        {
            "reference": "00000000000000000001",
            "chain": "bitcoin",
            "asset": "BTC",
            "amount": "5000",
            "address": KEY_HASH,
            "memo": "",
        }
    ]
    assert "山田".encode() not in made.content
    assert fold(loud.address) == KEY_HASH
    listed = batch([loud], replace(RULES, listed=[TO_KEY]))
    assert listed.sha256 != made.sha256
