"""Commands of wallets: balances at a block, challenge, prove, status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sonae.cli.main import (
    FOUND,
    OK,
    Json,
    Language,
    day,
    language,
    note,
    out,
    progress,
    show,
    show_json,
    wallet,
)
from sonae.core.errors import Refused, UsageError

Nodes = Annotated[Path, Parameter(name="NODES.toml")]
NodesOption = Annotated[Path, Parameter(name="--nodes", help="nodes.toml")]
EXTRA = ("coincurve", "embit", "pbk")


def extra() -> None:
    """A UsageError where the optional packages for chains are not installed."""
    for name in EXTRA:
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            raise UsageError(f"{name} is not installed: pip install 'sonae[chains]'") from error


@contextmanager
def _answers() -> Iterator[None]:
    """A node that fails, and a proof that does not hold, are refusals."""
    from sonae.chains.challenge import ProofError
    from sonae.chains.node import NodeError

    try:
        yield
    except (ProofError, NodeError) as error:
        raise Refused(str(error)) from error


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no instant (2026-11-20T23:59:59+09:00)") from error
    if moment.tzinfo is None:
        raise UsageError(f"{text!r} has no offset, such as +09:00")
    return moment


def _pair(word: str) -> tuple[str, str]:
    chain, sign, hash = word.partition("=")
    if not (chain and sign and hash):
        raise UsageError(f"{word!r} is no CHAIN=HASH")
    return chain, hash


@wallet.command(name="balances")
def wallet_balances(
    nodes: Nodes,
    *,
    out_dir: Annotated[Path | None, Parameter(name="--out")] = None,
    register: Path | None = None,
    former: Path | None = None,
    accept_stale: str = "",
    at: str | None = None,
    block: list[str] | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Read every wallet at one final block of each chain; a table of holdings for Books.

    Parameters
    ----------
    nodes
        The firm's nodes and wallets.
    out_dir
        A folder for reading.json, and holdings.csv where every chain answered in full.
    register
        A register of proofs: fills in control_proved_on and evidence.
    former
        The folder of an earlier reading: says what changed, and whether its block is still there.
    accept_stale
        Who accepts a chain that has halted.
    at
        The cut-off, with its offset: the last final block before it instead of the newest.
    block
        CHAIN=HASH: the block to read a chain at; may be repeated.
    """
    extra()
    from sonae.actions.chains.read import read_wallets
    from sonae.report.wallet import reading_view

    blocks = dict(_pair(word) for word in block or [])
    with _answers():
        found = read_wallets(
            nodes, out_dir, register, former, accept_stale, cut_off=_instant(at), blocks=blocks
        )
    if json:
        show_json(found)
    else:
        show(reading_view(found, language(lang)))
    bad = any(f["severity"] in ("breach", "warning") for f in found["findings"])
    return FOUND if bad else OK


@wallet.command(name="challenge")
def wallet_challenge(
    nodes: Nodes,
    holding: Annotated[str, Parameter(name="HOLDING")],
    *,
    seal: str,
    out_file: Annotated[Path, Parameter(name="--out")],
    days: int = 90,
    amount: int = 0,
    address: str = "",
    json: Json = False,
) -> int:
    """Make what a wallet signs, bound to firm, day's seal, block and expiry.

    Parameters
    ----------
    nodes
        The firm's nodes and wallets.
    holding
        The wallet, by its holding_id.
    seal
        The header hash of the day's seal, or its folder.
    out_file
        The challenge; the text to sign (.txt) and typed data (.eip712.json) go beside it.
    days
        How long the proof counts from the block.
    amount
        Base units that a vault which cannot sign is to send to itself.
    address
        One of a descriptor's addresses; the first one if not given.
    """
    extra()
    from sonae.actions.chains.wallet import make_challenge, write_challenge

    with _answers():
        challenge = make_challenge(nodes, holding, seal, days, amount, address)
    write_challenge(challenge, out_file)
    if json:
        show_json(challenge.as_json())
    else:
        out(challenge.text())
        note(f"{out_file.with_suffix('.txt')}")
    return OK


@wallet.command(name="prove")
def wallet_prove(
    challenge: Annotated[Path, Parameter(name="CHALLENGE.json")],
    *,
    method: str,
    nodes: NodesOption,
    register: Path,
    key: Annotated[Path, Parameter(name="--key", env_var="SONAE_KEY", help="your key file")],
    signature: str = "",
    transaction: str = "",
    block: int = -1,
    statement: Path | None = None,
    json: Json = False,
) -> int:
    """Check a proof of control and put it on the register, signed by you.

    Parameters
    ----------
    challenge
        The challenge that was answered.
    method
        eip191, eip712, erc1271, bip322, bip137, ed25519, send_to_self, custodian_statement.
    register
        The register of proofs; made on first use.
    signature
        The signature, or a file that holds it.
    transaction
        The transaction of a send-to-self.
    block
        On Bitcoin, the height of its block.
    statement
        A custodian's statement that quotes the challenge; its signature is FILE.minisig.
    """
    extra()
    from sonae.actions.chains.wallet import Offered, prove

    if signature and len(signature) < 200 and Path(signature).is_file():
        signature = Path(signature).read_text("utf-8").strip()
    offered = Offered(method, signature, transaction, block, statement)
    with _answers():
        record = prove(challenge, offered, nodes, register, key)
    if json:
        show_json({"holding": record.challenge.holding, "method": record.method,
                   "evidence": record.evidence, "proved_on": record.proved_on.isoformat(),
                   "expires": record.challenge.expires.isoformat()})  # fmt: skip
    else:
        until = record.challenge.expires.date()
        out(f"{record.challenge.holding}  {record.evidence}  {record.proved_on} → {until}")
    return OK


@wallet.command(name="status")
def wallet_status(
    place: Annotated[Path, Parameter(name="REGISTER|BOOKS")],
    *,
    on: str | None = None,
    warning: int = 30,
    lang: Language = None,
    json: Json = False,
) -> int:
    """What every proof is worth: days left, what expires soon, what has dropped out of backing.

    Parameters
    ----------
    place
        A register of proofs, or the folder of Books.
    on
        A day; today if not given (a register only).

    Warning:
        Days before the end from which a proof counts as expiring (a register only).
    """
    from sonae.report.wallet import status_view

    if place.is_dir():
        from sonae.actions.chains.wallet_books import books_status

        found = books_status(place)
    else:
        extra()
        from sonae.actions.chains.wallet import wallet_status as status

        with _answers():
            found = status(place, day(on), warning)
    if json:
        show_json(found)
    else:
        show(status_view(found, language(lang)))
    return OK if all(p["state"] == "good" for p in found["proofs"]) else FOUND


@wallet.command(name="venue")
def wallet_venue(
    venue: Annotated[str, Parameter(name="VENUE")],
    *,
    assets: list[str],
    answer: Path | None = None,
    staked: list[str] | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """What another venue holds for us: free, locked and pending in one form.

    Parameters
    ----------
    venue
        bitbank, binance, bitflyer, btcbox, coincheck, kraken, zaif.
    assets
        ASSET=DECIMALS, repeated; each must be answered for.
    answer
        An answer of the venue on file; without it the venue is asked through ccxt.
    staked
        Assets that are staked there: an answer that is silent on them is incomplete.
    """
    from sonae.actions.chains.venue_read import read_venue
    from sonae.report.wallet import venue_view

    scales = {}
    for word in assets:
        asset, _, scale = word.partition("=")
        if not scale.isdecimal():
            raise UsageError(f"{word!r} is no ASSET=DECIMALS, such as BTC=8")
        scales[asset] = int(scale)
    found = read_venue(venue, scales, answer, staked or [])
    if json:
        show_json(found)
    else:
        show(venue_view(found, language(lang)))
    return OK if found["complete"] else FOUND


def demo_chains(out_dir: Path, lang: Language, json: bool) -> int:
    """Two real nodes: coins move, are read, are proven, and the chains reorganise."""
    words = language(lang)
    from sonae.actions.chains.node_servers import NO_NPM, NoNodes, missing_npm

    if missing_npm():
        show_json({"skipped": NO_NPM.as_json()}) if json else out(NO_NPM.lang(words))
        return OK
    extra()
    from sonae.actions.demo.chains import STEPS
    from sonae.actions.demo.chains import demo_chains as run_demo
    from sonae.report.wallet import reading_view, status_view

    try:
        with progress(words, STEPS) as bar, _answers():
            found = run_demo(out_dir, bar.step)
    except NoNodes as error:
        out(str(error))
        return OK
    if json:
        show_json(found)
        return OK
    show(reading_view(found["before"], words))
    out("")
    show(status_view(found["proofs"], words))
    out("")
    show(reading_view(found["after"], words))
    out(f"→ {out_dir}")
    return OK
