"""Control over a Bitcoin address: BIP-322 (simple and full) and BIP-137.

For BIP-322 the two virtual transactions are made here as the text orders and Bitcoin Core's own
script engine judges the second (`py-bitcoinkernel`), so that any script a wallet uses is covered.
BIP-137 recovers the key (`coincurve`) and compares the script that the signature names.
"""

from __future__ import annotations

import binascii
import io
from base64 import b64decode
from hashlib import sha256
from typing import Any

import pbk
from coincurve import PublicKey
from embit import compact, script
from embit.ec import PublicKey as Point
from embit.transaction import Transaction, TransactionInput, TransactionOutput
from pbk.script import PrecomputedTransactionData, ScriptVerificationFlags

from sonae.chains.bitcoin import Bitcoin, Coins, scripts_of
from sonae.chains.challenge import Challenge, ProofError
from sonae.chains.node import Block

TAG = b"BIP0322-signed-message"
HEADER = b"\x18Bitcoin Signed Message:\n"
_RULES = ScriptVerificationFlags(sum(ScriptVerificationFlags))
_ALL, _DER, _SCHNORR = 1, 0x30, 64


def script_of(address: str) -> Any:
    """The script of an address; a ProofError where it is none."""
    try:
        return script.Script(bytes.fromhex(scripts_of(address, "", 0)[0]))
    except ValueError as error:
        raise ProofError(f"{address} is no Bitcoin address") from error


def message_hash(text: str) -> bytes:
    """The tagged hash of a message (BIP-322)."""
    tag = sha256(TAG).digest()
    return sha256(tag + tag + text.encode()).digest()


def to_spend(text: str, locked: Any) -> Any:
    """The transaction that nobody can send, whose one output is locked by the address's script."""
    words = script.Script(b"\0\x20" + message_hash(text))
    source = TransactionInput(bytes(32), 0xFFFFFFFF, words, sequence=0)
    return Transaction(version=0, vin=[source], vout=[TransactionOutput(0, locked)], locktime=0)


def to_sign(spent: Any, witness: Any = None) -> Any:
    """The transaction that spends it to nobody; `witness` is the proof."""
    source = TransactionInput(spent.txid(), 0, sequence=0, witness=witness)
    nothing = TransactionOutput(0, script.Script(b"\x6a"))
    return Transaction(version=0, vin=[source], vout=[nothing], locktime=0)


def check_322(address: str, text: str, signature: str) -> None:
    """Refuse a BIP-322 signature that does not hold.

    Taken are `smp` (also without a prefix) and `ful` without time locks; a proof of funds (`pof`)
    names outputs and belongs to the balances, which are read elsewhere.
    """
    kind, encoded = signature[:3], signature[3:]
    if kind not in ("smp", "ful"):
        kind, encoded = "smp", signature
    content, locked = _base64(encoded), script_of(address)
    spent = to_spend(text, locked)
    try:
        signed = _simple(spent, content) if kind == "smp" else Transaction.parse(content)
    except Exception as error:  # embit raises what the broken byte happens to cause
        raise ProofError("the signature cannot be read (BIP-322)") from error
    _check_form(signed, spent)
    _run(signed, locked)


def _simple(spent: Any, content: bytes) -> Any:
    stream = io.BytesIO(content)
    witness = script.Witness.read_from(stream)
    if not witness.items or stream.read(1):
        raise ValueError("not one witness stack")
    return to_sign(spent, witness)


def _check_form(signed: Any, spent: Any) -> None:
    """The form of `to_sign`: one input from `to_spend`, one output to nobody, no time lock."""
    one = len(signed.vin) == 1 and len(signed.vout) == 1
    if not one or signed.version not in (0, 2) or signed.locktime or signed.vin[0].sequence:
        raise ProofError("one input and no time lock is what is taken of BIP-322")
    source, paid = signed.vin[0], signed.vout[0]
    if bytes(source.txid) != spent.txid() or source.vout:
        raise ProofError("invalid signature: it is over other words or for another address")
    if paid.value or paid.script_pubkey.data != b"\x6a":
        raise ProofError("the virtual transaction pays somebody (BIP-322)")
    for item in source.witness.items:
        der = 9 <= len(item) <= 73 and item[0] == _DER and item[1] == len(item) - 3
        if (der or len(item) == _SCHNORR + 1) and item[-1] != _ALL:
            raise ProofError("a signature that is not over all of it (SIGHASH_ALL, BIP-322)")


def _run(signed: Any, locked: Any) -> None:
    content = pbk.Transaction(signed.serialize())
    lock = pbk.ScriptPubkey(locked.data)
    prepared = PrecomputedTransactionData(content, [pbk.TransactionOutput(lock, 0)])
    try:
        good = lock.verify(0, content, prepared, 0, _RULES)
    except pbk.ScriptVerifyException as error:
        raise ProofError("invalid signature: the script is not satisfied (BIP-322)") from error
    if not good:
        raise ProofError("invalid signature: the script is not satisfied (BIP-322)")


def check_137(address: str, text: str, signature: str) -> None:
    """Refuse a BIP-137 signature that is not that of the key the address stands for."""
    content = _base64(signature)
    if len(content) != 65 or not 27 <= content[0] <= 42:
        raise ProofError("a BIP-137 signature has 65 bytes, the first of them 27 to 42")
    form, which = divmod(content[0] - 27, 4)
    words = text.encode()
    whole = HEADER + compact.to_bytes(len(words)) + words
    digest = sha256(sha256(whole).digest()).digest()
    try:
        key = PublicKey.from_signature_and_message(
            content[1:] + bytes([which]), digest, hasher=None
        )
    except Exception as error:  # coincurve raises ValueError or a bare Exception
        raise ProofError(f"the signature cannot be read: {error}") from error
    if _locked(form, key).data != script_of(address).data:
        raise ProofError(f"invalid signature: not by the key of {address}, or over other words")


def _locked(form: int, key: PublicKey) -> Any:
    """The script that the first byte names: P2PKH (either form of key), P2SH-P2WPKH, P2WPKH."""
    point = Point.parse(key.format(compressed=form != 0))
    if form < 2:
        return script.p2pkh(point)
    return script.p2sh(script.p2wpkh(point)) if form == 2 else script.p2wpkh(point)


def check_sent(
    ledger: Bitcoin, challenge: Challenge, coins: Coins, at: Block, transaction: str
) -> dict[str, object]:
    """Refuse unless block `at` has the transaction by which the wallet paid itself the amount.

    `coins` are the wallet's unspent outputs at the block before `at`: one of them must be spent.
    """
    if at.height <= challenge.block.height:
        raise ProofError(f"block {at.height} is not after the challenge")
    found = dict(ledger.opened([at.hash])[0].transactions).get(transaction)
    if found is None:
        raise ProofError(f"block {at.hash} has no transaction {transaction}")
    own = script_of(challenge.address).data
    spent = [f"{bytes(s.txid).hex()}:{s.vout}" for s in found.vin]
    if not any(o in coins and coins[o].script == own.hex() for o in spent):
        raise ProofError(f"transaction {transaction} spends nothing of {challenge.address}")
    paid = [o.value for o in found.vout if o.script_pubkey.data == own]
    if not challenge.amount or challenge.amount not in paid:
        raise ProofError(f"transaction {transaction} pays itself no {challenge.amount} satoshi")
    return {"transaction": transaction, "block": at.as_json()}


def _base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofError("the signature is not base64") from error
