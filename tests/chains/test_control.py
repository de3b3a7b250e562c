"""Proof of control: official vectors, real wallets of real nodes, and everything that must fail."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import bip322
import pytest
from coincurve import PrivateKey as Secp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from embit import script
from embit.ec import PrivateKey
from embit.transaction import Transaction
from hypothesis import given
from hypothesis import strategies as st

from sonae.actions.demo.wallet import BitcoinWallet
from sonae.actions.keys import verify_signature
from sonae.chains.challenge import Challenge, ProofError, challenge_from, check
from sonae.chains.node import Block
from sonae.chains.prove import check_alone, ed25519_key
from sonae.chains.sign_bitcoin import (
    check_137,
    check_322,
    message_hash,
    script_of,
    to_sign,
    to_spend,
)
from sonae.chains.sign_ethereum import keccak256, personal_digest, signer, typed_digest
from tests.chains import nodes as _nodes

VECTORS = json.loads((Path(__file__).parent / "bip322.json").read_bytes())
"""The basic test vectors that BIP-322 publishes."""
AT = datetime(2026, 11, 20, tzinfo=UTC)
REGTEST = script.NETWORKS["regtest"]


def challenge(address: str, **other: Any) -> Challenge:
    fields: dict[str, Any] = {
        "firm": _nodes.FIRM,
        "seal": _nodes.SEAL,
        "chain": "ethereum",
        "block": Block(7, "0x" + "cd" * 32, AT),
        "holding": "cold-1",
        "address": address,
        "issued": AT,
        "expires": AT + timedelta(days=90),
        "chain_id": 1,
    }
    return check(Challenge(**(fields | other)))


# -- BIP-322 -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", VECTORS["tx_hashes"], ids=lambda c: c["message"] or "empty")
def test_the_virtual_transactions_are_those_of_the_published_vectors(case: Any) -> None:
    spent = to_spend(case["message"], script_of(case["address"]))
    assert message_hash(case["message"]).hex() == case["message_hash"]
    assert spent.txid().hex() == case["to_spend_tx_hash"]
    assert to_sign(spent).txid().hex() == case["to_sign_tx_hash"]


@pytest.mark.parametrize("case", VECTORS["simple"], ids=lambda c: c["type"])
def test_published_signatures_hold_and_no_other_word_does(case: Any) -> None:
    for signature in case["bip322_signatures"]:
        check_322(case["address"], case["message"], signature)
        with pytest.raises(ProofError):
            check_322(case["address"], case["message"] + ".", signature)


@pytest.mark.parametrize("case", VECTORS["error"], ids=lambda c: c["description"])
def test_published_faults_are_refused(case: Any) -> None:
    with pytest.raises(ProofError):
        check_322(case["address"], case["message"], case["signature"])


@given(st.text(max_size=40))
def test_another_implementation_takes_what_we_take(text: str) -> None:
    """The Rust library bip322 judges the same witness, for an address of the main network."""
    key = PrivateKey(sha256(text.encode()).digest())
    locked = script.p2wpkh(key)
    spent = to_spend(text, locked)
    digest = to_sign(spent).sighash_segwit(0, script.p2pkh_from_p2wpkh(locked), 0)
    items = [key.sign(digest).serialize() + b"\x01", key.get_public_key().sec()]
    signature = b64encode(script.Witness(items).serialize()).decode()
    address = locked.address(script.NETWORKS["main"])
    check_322(address, text, signature)
    assert bip322.verify_simple_encoded(address, text, signature) is None
    with pytest.raises(ProofError):
        check_322(address, text + "x", signature)


def multisig(count: int) -> tuple[Any, Any, list[PrivateKey]]:
    """2 of 3 by P2WSH: lock, script, the keys that sign, in their order in the script."""
    keys = sorted(
        (PrivateKey(sha256(b"%d" % n).digest()) for n in range(3)),
        key=lambda k: k.get_public_key().sec(),
    )
    words = script.multisig(2, [k.get_public_key() for k in keys])
    return script.p2wsh(words), words, keys[:count]


def test_a_vault_of_two_of_three_proves_with_two_and_not_with_one() -> None:
    text = challenge("bcrt1q").text()
    for count, holds in ((2, True), (1, False)):
        locked, words, keys = multisig(count)
        spent = to_spend(text, locked)
        digest = to_sign(spent).sighash_segwit(0, words, 0)
        signed = [k.sign(digest).serialize() + b"\x01" for k in keys]
        witness = script.Witness([b"", *signed, words.data])
        full = "ful" + b64encode(to_sign(spent, witness).serialize()).decode()
        simple = "smp" + b64encode(witness.serialize()).decode()
        for signature in (full, simple):
            if holds:
                check_322(locked.address(REGTEST), text, signature)
            else:
                with pytest.raises(ProofError, match="not satisfied"):
                    check_322(locked.address(REGTEST), text, signature)


def test_older_kinds_of_address_prove_by_a_full_signature() -> None:
    """P2PKH signs the transaction as it was before witnesses; P2SH names its program as well."""
    key = PrivateKey(sha256(b"old").digest())
    point, text = key.get_public_key(), challenge("1").text()
    plain, program = script.p2pkh(point), script.p2wpkh(point)
    made = to_sign(to_spend(text, plain))
    signature = key.sign(made.sighash_legacy(0, plain)).serialize() + b"\x01"
    items = b"".join(bytes([len(i)]) + i for i in (signature, point.sec()))
    made.vin[0].script_sig = script.Script(items)
    other = to_sign(to_spend(text, script.p2sh(program)))
    digest = other.sighash_segwit(0, script.p2pkh_from_p2wpkh(program), 0)
    other.vin[0].script_sig = script.Script(bytes([len(program.data)]) + program.data)
    signature = key.sign(digest).serialize() + b"\x01"
    other.vin[0].witness = script.Witness([signature, point.sec()])
    for locked, whole in ((plain, made), (script.p2sh(program), other)):
        full = "ful" + b64encode(whole.serialize()).decode()
        check_322(locked.address(REGTEST), text, full)
        with pytest.raises(ProofError):
            check_322(locked.address(REGTEST), text + "!", full)


def test_a_full_signature_with_a_time_lock_or_another_input_is_not_taken() -> None:
    wallet = BitcoinWallet("locked")
    spent = to_spend("x", wallet.locked)
    signature = wallet.answer("x")
    made = to_sign(spent)
    for change in ("locktime", "sequence", "value"):
        other = Transaction.parse(made.serialize())
        if change == "locktime":
            other.locktime = 5
        elif change == "sequence":
            other.vin[0].sequence = 1
        else:
            other.vout[0].value = 1
        full = "ful" + b64encode(other.serialize()).decode()
        with pytest.raises(ProofError):
            check_322(wallet.address, "x", full)
    check_322(wallet.address, "x", signature)


def test_a_proof_by_a_signature_over_a_part_only_is_not_taken() -> None:
    """SIGHASH_NONE commits to no output; BIP-322 asks for all of it."""
    wallet = BitcoinWallet("part")
    spent = to_spend("x", wallet.locked)
    plain = script.p2pkh_from_p2wpkh(wallet.locked)
    digest = to_sign(spent).sighash_segwit(0, plain, 0, 2)
    items = [wallet._key.sign(digest).serialize() + b"\x02", wallet._key.get_public_key().sec()]
    signature = "smp" + b64encode(script.Witness(items).serialize()).decode()
    with pytest.raises(ProofError, match="SIGHASH_ALL"):
        check_322(wallet.address, "x", signature)


# -- BIP-137 -------------------------------------------------------------------------------------


def signed_137(key: Secp, text: str, first: int) -> str:
    """Written here from the text of BIP-137: header byte, then r and s."""
    words = text.encode()
    size = len(words)
    length = bytes([size]) if size < 253 else b"\xfd" + size.to_bytes(2, "little")
    whole = b"\x18Bitcoin Signed Message:\n" + length + words
    made = key.sign_recoverable(sha256(sha256(whole).digest()).digest(), hasher=None)
    return b64encode(bytes([first + made[64]]) + made[:64]).decode()


def test_each_form_of_address_is_proven_by_its_own_header_byte_only() -> None:
    key = Secp(sha256(b"137").digest())
    point = PrivateKey(key.secret).get_public_key()
    long = PrivateKey(key.secret, compressed=False).get_public_key()
    text = challenge("1").text()
    assert len(text.encode()) > 252
    locks = {
        27: script.p2pkh(long),
        31: script.p2pkh(point),
        35: script.p2sh(script.p2wpkh(point)),
        39: script.p2wpkh(point),
    }
    for named in locks:
        for first, locked in locks.items():
            address, signature = locked.address(REGTEST), signed_137(key, text, named)
            if named == first:
                check_137(address, text, signature)
                with pytest.raises(ProofError):
                    check_137(address, text.replace("cold-1", "cold-2"), signature)
            else:
                with pytest.raises(ProofError):
                    check_137(address, text, signature)


def test_a_bip_137_signature_of_another_length_or_header_is_refused() -> None:
    address = BitcoinWallet("a").address
    for content in (b"", b"\x1f" * 64, b"\x1a" + b"\1" * 64, b"\x2b" + b"\1" * 64, b"\x1f" * 65):
        with pytest.raises(ProofError):
            check_137(address, "x", b64encode(content).decode())


# -- Ethereum ------------------------------------------------------------------------------------

MAIL: dict[str, Any] = {
    "types": {
        "EIP712Domain": [
            {"name": "name", "type": "string"},
            {"name": "version", "type": "string"},
            {"name": "chainId", "type": "uint256"},
            {"name": "verifyingContract", "type": "address"},
        ],
        "Person": [{"name": "name", "type": "string"}, {"name": "wallet", "type": "address"}],
        "Mail": [
            {"name": "from", "type": "Person"},
            {"name": "to", "type": "Person"},
            {"name": "contents", "type": "string"},
        ],
    },
    "primaryType": "Mail",
    "domain": {
        "name": "Ether Mail",
        "version": "1",
        "chainId": 1,
        "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
    },
    "message": {
        "from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
        "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},
        "contents": "Hello, Bob!",
    },
}


def test_typed_data_hashes_to_what_the_example_of_eip_712_publishes() -> None:
    digest = typed_digest(MAIL)
    assert digest.hex() == "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"
    published = (
        "4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d"
        "07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b91562"
        "1c"
    )
    assert signer(digest, bytes.fromhex(published)) == MAIL["message"]["from"]["wallet"].lower()


def test_a_text_is_hashed_with_its_length_in_bytes() -> None:
    """EIP-191 counts bytes, not characters: a Japanese name has three for each."""
    words = "備え"
    assert personal_digest(words) == keccak256(b"\x19Ethereum Signed Message:\n6" + words.encode())


def signed_191(key: Secp, text: str) -> str:
    made = key.sign_recoverable(personal_digest(text), hasher=None)
    return "0x" + (made[:64] + bytes([27 + made[64]])).hex()


def address_of(key: Secp) -> str:
    return "0x" + keccak256(key.public_key.format(compressed=False)[1:])[12:].hex()


def test_a_signature_proves_one_challenge_and_no_other() -> None:
    """Firm, seal, block, holding, address and both dates are all in what is signed."""
    key = Secp(sha256(b"eth").digest())
    one = challenge(address_of(key))
    signature = signed_191(key, one.text())
    check_alone(one, "eip191", signature, verify_signature)
    others = {
        "firm": "Another KK",
        "seal": "00" * 32,
        "chain": "other",
        "block": Block(7, "0x" + "ce" * 32, AT),
        "holding": "cold-2",
        "issued": AT + timedelta(seconds=1),
        "expires": AT + timedelta(days=91),
        "amount": 5,
    }
    for name, value in others.items():
        changed = challenge(one.address, **{name: value})
        with pytest.raises(ProofError):
            check_alone(changed, "eip191", signature, verify_signature)
    with pytest.raises(ProofError):
        check_alone(challenge("0x" + "11" * 20), "eip191", signature, verify_signature)


@given(st.integers(0, 64), st.integers(1, 255))
def test_no_byte_of_a_signature_can_be_changed(place: int, by: int) -> None:
    key = Secp(sha256(b"eth").digest())
    one = challenge(address_of(key))
    made = bytearray.fromhex(signed_191(key, one.text())[2:])
    made[place] ^= by
    if made[64] in (0, 1) and made[64] + 27 == made[64] ^ by:  # the same in its other writing
        return
    with pytest.raises(ProofError):
        check_alone(one, "eip191", made.hex(), verify_signature)


# -- Ed25519 -------------------------------------------------------------------------------------


def base58(content: bytes) -> str:
    """Written here from its definition: the number in base 58, a 1 for each leading zero byte."""
    letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number, text = int.from_bytes(content, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = letters[rest] + text
    return "1" * (len(content) - len(content.lstrip(b"\0"))) + text


@given(st.binary(min_size=32, max_size=32))
def test_an_address_of_base58_is_the_key_itself(key: bytes) -> None:
    assert ed25519_key(base58(key)) == key
    assert ed25519_key(key.hex()) == key


def test_an_ed25519_wallet_signs_the_text() -> None:
    private = Ed25519PrivateKey.from_private_bytes(sha256(b"sol").digest())
    one = challenge(base58(private.public_key().public_bytes_raw()), chain="solana", chain_id=0)
    signature = private.sign(one.text().encode()).hex()
    check_alone(one, "ed25519", signature, verify_signature)
    other = challenge(one.address, chain="solana", chain_id=0, holding="cold-2")
    with pytest.raises(ProofError):
        check_alone(other, "ed25519", signature, verify_signature)


# -- challenges ----------------------------------------------------------------------------------


def test_a_challenge_is_the_same_when_it_is_read_back() -> None:
    one = challenge("0x" + "11" * 20, amount=12345)
    assert challenge_from(json.loads(json.dumps(one.as_json()))) == one
    assert "send to self: 12345" in one.text()


@pytest.mark.parametrize(
    "wrong",
    [
        {"firm": "A\nseal: " + "00" * 32},
        {"holding": " "},
        {"seal": "AB" * 32},
        {"seal": ""},
        {"expires": AT},
        {"issued": AT - timedelta(seconds=1)},
        {"amount": -1},
    ],
)
def test_a_challenge_that_could_be_read_two_ways_or_binds_nothing_is_refused(wrong: Any) -> None:
    with pytest.raises(ProofError):
        challenge("0x" + "11" * 20, **wrong)
