"""Proof of control: a challenge made, a proof checked and registered, its standing told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sonae.actions.chains.read import Now, ledger_of, utc_now
from sonae.actions.chains.setup import ChainSetup, Setup, load_setup
from sonae.actions.files import alone, json_bytes, replace_file
from sonae.actions.keys import load_key, verify_signature
from sonae.actions.seal.folder import Folder
from sonae.chains.bitcoin import Bitcoin
from sonae.chains.challenge import Challenge, ProofError, challenge_from, check
from sonae.chains.ethereum import Ethereum
from sonae.chains.finality import final_block, replaced
from sonae.chains.node import Block
from sonae.chains.prove import ALONE, check_alone, digest_of, in_time, octets
from sonae.chains.register import (
    EVIDENCE,
    Record,
    entry,
    findings,
    head,
    read_register,
    standings,
)
from sonae.core.errors import UsageError
from sonae.seal import minisign
from sonae.seal.tlog import LogError

DAYS, WARNING = 90, 30
"""How long a proof counts from its block, and how long before its end a warning begins."""


def make_challenge(
    nodes: Path,
    holding: str,
    seal: str,
    days: int = DAYS,
    amount: int = 0,
    address: str = "",
    now: Now = utc_now,
) -> Challenge:
    """A challenge for one wallet over the last final block of its chain.

    `seal` is a header hash, or the folder of the day's seal. `address` picks one of a descriptor's.
    A block whose own time is ahead of the clock counts as issued now.
    """
    setup = load_setup(nodes)
    wallet, chain = setup.wallet(holding), _chain(setup, holding)
    ledger = ledger_of(chain)
    ledger.ready()
    block = final_block(ledger, chain.rule)
    if days < 1:
        raise UsageError("a proof counts for one day or more")
    return check(
        Challenge(
            firm=setup.firm,
            seal=_seal(seal),
            chain=chain.name,
            block=block,
            holding=holding,
            address=_address(setup, holding, address or wallet.address),
            issued=max(now(), block.time).replace(microsecond=0),
            expires=(block.time + timedelta(days=days)).replace(microsecond=0),
            amount=amount,
            chain_id=chain.chain_id,
        )
    )


def _seal(given: str) -> str:
    return Folder(Path(given)).header().hash() if Path(given).is_dir() else given


def _chain(setup: Setup, holding: str) -> ChainSetup:
    return setup.chains[setup.wallet(holding).chain]


def _address(setup: Setup, holding: str, address: str) -> str:
    """The address, where it is one of the wallet's; the first one of a descriptor if none."""
    wallet, chain = setup.wallet(holding), _chain(setup, holding)
    if chain.kind == "ethereum":
        if address.lower() != wallet.address.lower():
            raise UsageError(f"{address} is not the address of {holding}")
        return wallet.address
    from sonae.chains.bitcoin import address_of, scripts_of

    own = scripts_of(wallet.address, wallet.descriptor, wallet.last)
    if not address:
        return address_of(own[0], chain.network)
    if scripts_of(address, "", 0)[0] not in own:
        raise UsageError(f"{address} is not an address of {holding}")
    return address


@dataclass(frozen=True)
class Offered:
    """What is offered as a proof: a signature, a transaction, or a custodian's statement.

    `block` is the height of a Bitcoin transaction's block; a statement's signature is beside it.
    """

    method: str
    signature: str = ""
    transaction: str = ""
    block: int = -1
    statement: Path | None = None


def prove(
    challenge_file: Path,
    offered: Offered,
    nodes: Path,
    register: Path,
    key: Path,
    now: Now = utc_now,
) -> Record:
    """Check a proof and add it to the register, signed; one that fails leaves it as it was.

    Raises:
        ProofError: what does not hold.
    """
    if offered.method not in EVIDENCE:
        raise UsageError(f"no method {offered.method}; there are {', '.join(EVIDENCE)}")
    setup, at = load_setup(nodes), now()
    challenge = read_challenge(challenge_file)
    in_time(challenge, at)
    if challenge.firm != setup.firm:
        raise ProofError(f"the challenge is of {challenge.firm}, not of {setup.firm}")
    _address(setup, challenge.holding, challenge.address)
    content, seen = _checked(setup, challenge, offered)
    signer = load_key(key)
    record = Record(challenge, offered.method, content, seen, at, signer.public.hex())
    with alone(register):
        before = register.read_bytes() if register.exists() else b""
        read_register(before, verify_signature)
        replace_file(register, before + entry(before, record, signer))
    return record


def read_challenge(file: Path) -> Challenge:
    """The challenge of a file."""
    try:
        return challenge_from(json.loads(file.read_bytes()))
    except ValueError as error:
        raise ProofError(f"{file} holds no challenge") from error


def _checked(setup: Setup, challenge: Challenge, offered: Offered) -> tuple[str, dict[str, Any]]:
    """What goes on the register: the proof, and what a node said of it."""
    chain = setup.chains[challenge.chain]
    ledger = ledger_of(chain)
    gone = replaced(ledger, challenge.chain, challenge.block)
    if gone is not None:
        raise ProofError(f"the block of the challenge left the chain: {gone.former.hash}")
    method = offered.method
    if method in ALONE:
        check_alone(challenge, method, offered.signature, verify_signature)
        return offered.signature.strip(), {}
    if method == "custodian_statement":
        return _statement(setup, challenge, offered), {}
    final = final_block(ledger, chain.rule)
    if method == "erc1271":
        return offered.signature.strip(), _contract(ledger, challenge, offered, final)
    return offered.transaction, _sent(ledger, challenge, offered, final)


def _contract(
    ledger: Ethereum | Bitcoin, challenge: Challenge, offered: Offered, final: Block
) -> dict[str, Any]:
    from sonae.chains import sign_ethereum

    if not isinstance(ledger, Ethereum):
        raise ProofError("contract wallets are of Ethereum-type chains")
    signature, faults = octets(offered.signature), []
    for form in ("eip191", "eip712"):
        digest = digest_of(challenge, form)
        try:
            sign_ethereum.check_contract(ledger, final, challenge.address, digest, signature)
        except ProofError as error:
            faults.append(error)
        else:
            return {"form": form, "block": final.as_json()}
    raise faults[0]


def _sent(
    ledger: Ethereum | Bitcoin, challenge: Challenge, offered: Offered, final: Block
) -> dict[str, Any]:
    if not challenge.amount:
        raise ProofError("the challenge names no amount; make one with --amount")
    if isinstance(ledger, Ethereum):
        from sonae.chains import sign_ethereum

        return sign_ethereum.check_sent(ledger, challenge, offered.transaction, final.height)
    from sonae.chains import sign_bitcoin

    at, parent = (ledger.block(h) if h >= 0 else None for h in (offered.block, offered.block - 1))
    if at is None or parent is None or at.height > final.height:
        raise ProofError("--block names the block of the transaction, and it must be final")
    own = frozenset({sign_bitcoin.script_of(challenge.address).data.hex()})
    coins = ledger.walk(own, parent, {})
    return sign_bitcoin.check_sent(ledger, challenge, coins, at, offered.transaction)


def _statement(setup: Setup, challenge: Challenge, offered: Offered) -> str:
    """A custodian's statement: it quotes the challenge whole, and the custodian signed the file."""
    custodian = setup.wallet(challenge.holding).custodian
    public = setup.custodians.get(custodian)
    if public is None or offered.statement is None:
        raise ProofError(f"{challenge.holding}: a statement, and the custodian's key in nodes.toml")
    content = offered.statement.read_bytes()
    if challenge.text().encode() not in content:
        raise ProofError("the statement does not quote the challenge")
    signature = offered.statement.with_name(offered.statement.name + ".minisig").read_bytes()
    line = f"untrusted comment: {custodian}\n{public}\n".encode()
    try:
        minisign.check(content, signature, minisign.read_public(line), verify_signature)
    except LogError as error:
        raise ProofError(f"the statement is not signed by {custodian}: {error}") from error
    return content.decode("utf-8", "replace") + "\n" + signature.decode("ascii", "replace")


def wallet_status(
    register: Path, on: date | None = None, warning: int = WARNING, now: Now = utc_now
) -> dict[str, Any]:
    """What every proof of a register is worth on a day; signatures are checked once more.

    Raises:
        ProofError: the register was edited, or a signature in it does not hold.
    """
    content, day = register.read_bytes(), on or now().date()
    records = read_register(content, verify_signature)
    for record in records:
        if record.method in ALONE:
            check_alone(record.challenge, record.method, record.content, verify_signature)
    found = standings(records, day, warning)
    return {
        "format": "sonae-wallet-status/1",
        "on": day.isoformat(),
        "proofs": [s.as_json() for s in found],
        "findings": [f.as_json() for f in findings(found)],
        "head": head(content),
        "checked_by": sorted({r.key for r in records}),
    }


def write_challenge(challenge: Challenge, out: Path) -> None:
    """The challenge as a file, and beside it the text to sign and the typed data."""
    from sonae.chains.sign_ethereum import typed_data

    replace_file(out, json_bytes(challenge.as_json()), 0o644)
    replace_file(out.with_suffix(".txt"), challenge.text().encode(), 0o644)
    if challenge.chain_id:
        replace_file(out.with_suffix(".eip712.json"), json_bytes(typed_data(challenge)), 0o644)
