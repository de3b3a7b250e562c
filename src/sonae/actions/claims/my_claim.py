"""A customer's own claim: found by number and code, and what they answer kept for the staff.

    FIRM/claims.key                  from which numbers and codes are made
    FIRM/incidents/NAME/numbers/     `sonae claims numbers`
    FIRM/incidents/NAME/answers/     what customers answered, one file each

Nothing here writes into a store: an answer is a file, and the staff opens a dispute from it
(`sonae claims pay dispute open PROGRAMME --answer FILE --estimate N …`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from sonae.actions.claims.frozen import DOCUMENT as FROZEN
from sonae.actions.claims.frozen import TABLE, read_frozen
from sonae.actions.claims.numbers import (
    DOCUMENT,
    NUMBERS,
    entitled_rows,
    fingerprint,
    secret_of,
    whole,
)
from sonae.actions.claims.portal import deadline
from sonae.actions.console.home import Firm, Home
from sonae.actions.console.incident import (
    PART,
    incident_document,
    incident_names,
    payments_store,
    programmes_of,
)
from sonae.actions.files import json_bytes, replace_file
from sonae.actions.fund.session import Now, utc_now
from sonae.actions.incident.open import JST
from sonae.actions.keys import load_key
from sonae.actions.pay.statement import SENT, place_of
from sonae.claims.code import claim_code, same, typed
from sonae.claims.hold import HOLDS
from sonae.claims.rails.pain001 import SCALES
from sonae.core.amount import coins
from sonae.core.canonical import number_text
from sonae.core.errors import Refused, UsageError
from sonae.core.text import Text
from sonae.rulebook.edition import Edition
from sonae.store.payments import Payments
from sonae.store.payout_rows import Payment

KEY, ANSWERS = "claims.key", "answers"
FORMAT = "sonae-claim-answer/1"
KINDS = ("agree", "dispute")
MOST_ANSWERS, LONGEST = 20, 2_000
"""Answers to one claim, and characters of what somebody writes."""
KEPT = 32
Found = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim whose number and code were right."""

    firm: Firm
    name: str
    number: str
    account: str

    @property
    def folder(self) -> Path:
        """The folder of its incident."""
        return self.firm.folder / PART / self.name


def find_claim(home: Home, number: str, code: str) -> Claim | None:
    """The claim of a number, if the code is its own; None else, whichever of the two is wrong.

    A code is made and compared for every list there is, found or not, so that neither the answer
    nor the time it takes says that a number is one.
    """
    number, code, found = typed(number), typed(code), None
    for firm, name, secret, numbers in _numbered(home):
        account = numbers.get(number)
        made = claim_code(secret, _incident(firm, name), account or number)
        if same(made, code) and account is not None:
            found = Claim(firm, name, number, account)
    return found


def _numbered(home: Home) -> Iterator[tuple[Firm, str, bytes, Mapping[str, str]]]:
    for firm in home.firms():
        key = firm.folder / KEY
        if not key.is_file():
            continue
        secret = _secret(key, key.stat().st_mtime_ns)
        for name in incident_names(firm):
            folder = firm.folder / PART / name / "numbers"
            file = folder / DOCUMENT
            if file.is_file() and _json(file)["secret"] == fingerprint(secret):
                table = folder / NUMBERS
                yield firm, name, secret, _table(table, table.stat().st_mtime_ns)


@lru_cache(KEPT)
def _secret(key: Path, _written: int) -> bytes:
    return secret_of(load_key(key))


@lru_cache(KEPT)
def _table(file: Path, _written: int) -> Mapping[str, str]:
    """Accounts by number."""
    found = pq.read_table(file)
    return dict(zip(found["number"].to_pylist(), found["account"].to_pylist(), strict=True))


def _incident(firm: Firm, name: str) -> str:
    return str(_json(firm.folder / PART / name / "numbers" / DOCUMENT)["incident"])


# -- what is shown ---------------------------------------------------------------------------------


def claim_view(home: Home, claim: Claim, now: Now = utc_now) -> dict[str, Any]:
    """What a customer is owed and why, how they are paid, where it stands, when to answer.

    Raises:
        Refused: the list does not hold any more; nothing of it is shown.
    """
    incident = incident_document(claim.firm, claim.name)
    numbers = _json(claim.folder / "numbers" / DOCUMENT)
    frozen = _list(claim.folder, numbers["list"])
    document = _document(frozen)
    [method] = document["valuation"]["methods"]
    payments = _payments(claim, incident["id"])
    answers = _answers(claim)
    return {
        "entity": incident["entity"],
        "incident": claim.name,
        "number": claim.number,
        "record_at": document["record_at"],
        "currency": document["currency"],
        "lots": [_lot(document, method, row) for row in entitled_rows(frozen, claim.account)],
        "method": method["title"],
        "price_source": method["source"],
        "price_confidence": method["confidence"],
        "note": method["note"],
        "discharge": method["discharge"],
        "provisions": _provisions(incident),
        "list": {"version": document["version"], "sha256": document["table_digest"]},
        "payments": payments,
        "status": _status(payments, answers),
        "answers": answers,
        "deadline": deadline(home.folder, numbers["told"], numbers["object_by"], now),
    }


def _list(folder: Path, digest: str) -> Path:
    """The frozen list that the numbers are of."""
    for file in sorted(folder.glob(f"*/{FROZEN}")):
        if _json(file)["table_digest"] == digest:
            return file.parent
    raise Refused(
        Text("番号を付けた一覧が見つからない", "the list that the numbers are of is not there")
    )


def _document(frozen: Path) -> dict[str, Any]:
    """What a frozen list says, checked whenever one of its files was written."""
    written = max((frozen / name).stat().st_mtime_ns for name in (FROZEN, TABLE))
    return _read(frozen, written)


@lru_cache(KEPT)
def _read(folder: Path, _written: int) -> dict[str, Any]:
    return read_frozen(folder)


def _lot(document: Found, method: Found, row: Found) -> dict[str, Any]:
    """One asset: what was lost, what comes back in coins, what is paid in money at which price."""
    scale = next(a["scale"] for a in document["valuation"]["assets"] if a["asset"] == row["asset"])
    lost, back = (coins(int(row[k]), scale) for k in ("lost", "in_kind"))
    return {
        "asset": row["asset"],
        "scale": scale,
        "lost": number_text(lost),
        "in_kind": number_text(back),
        "rest": number_text(lost - back),
        "rate": method["rates"].get(row["asset"], method["terms"].get("rate")),
        "amount": str(row["amount"]),
        "goodwill": str(row["goodwill"]),
        "held": bool(row["held"]),
    }


NATURE_RULE = "jp.reserve.payment"


def _provisions(incident: Found) -> list[dict[str, Any]]:
    """The provisions that the payment answers to."""
    edition = Edition(date.fromisoformat(incident["law_on"]))
    gates = [g for g in incident["natures"].values() if g["arises"]]
    return [
        {
            **edition.provision(NATURE_RULE).as_json(),
            "standing": gate["standing"],
            "confidence": gate["confidence"],
        }
        for gate in gates[:1]
    ]


def _payments(claim: Claim, incident: str) -> list[dict[str, Any]]:
    """Payments as a customer may see them: no reason of a hold, only the end of an account."""
    with payments_store(claim.firm) as store:
        if store is None:
            return []
        mine = programmes_of(store, incident)
        last: dict[str, Payment] = {
            p.key: p for p in store.of_person(claim.account) if p.programme in mine
        }
        return [_payment(store, p) for p in last.values()]


def _payment(store: Payments, payment: Payment) -> dict[str, Any]:
    file = store.file(payment.file) if payment.file else None
    rail = file.rail if file else ""
    where, end = "", ""
    if file or payment.account.count("|") == 4:  # a bank account, by whichever file it will go
        where, end = place_of(rail, payment.account)
    scale = SCALES.get(payment.asset)
    sent = payment.state in SENT
    return {
        "reference": payment.reference,
        "asset": payment.asset,
        "amount": None if scale is None else number_text(coins(payment.amount, scale)),
        "units": str(payment.amount),
        "status": _code(payment),
        "hold": HOLDS[payment.code] if payment.state == "held" else None,
        "where": where,
        "end": end,
        "on": file.designated if file and sent else None,
    }


_CODES = {
    "planned": "PAYMENT-PLANNED",
    "filed": "PAYMENT-PLANNED",
    "cancelled": "ENTITLEMENT",
    "released": "PAYMENT-SENT",
    "accepted": "PAYMENT-SENT",
    "unknown": "PAYMENT-CHECKING",
    "returned": "PAYMENT-CHECKING",
    "back": "PAYMENT-RETURNED",
    "settled": "PAYMENT-SETTLED",
}
"""The codes of notices, and two for what no notice tells."""


def _code(payment: Payment) -> str:
    if payment.state == "held":
        return f"HOLD-{HOLDS[payment.code].upper()}"
    return _CODES[payment.state]


def _status(payments: list[dict[str, Any]], answers: list[dict[str, Any]]) -> str:
    """One code for the whole: a payment's, else that an objection came in, else the entitlement."""
    if payments:
        return str(payments[-1]["status"])
    return "DISPUTE-RECEIVED" if any(a["kind"] == "dispute" for a in answers) else "ENTITLEMENT"


# -- what is answered ------------------------------------------------------------------------------


def record_answer(
    claim: Claim, kind: str, asset: str = "", says: str = "", reason: str = "", now: Now = utc_now
) -> dict[str, Any]:
    """Keep what a customer answers, as a file of its own; the same words again are the same file.

    Args:
        claim: whose number and code were right.
        kind: agree or dispute.
        asset: what is disputed: the currency, or a coin that comes back in kind.
        says: how much the customer says is owed of it in all, in whole units.
        reason: why.
        now: the clock.

    Raises:
        UsageError: what is typed is no such answer.
        Refused: there are too many answers to this claim.
    """
    said = {"kind": kind, **(_disputed(claim, asset, says, reason) if kind == "dispute" else {})}
    numbers = _json(claim.folder / "numbers" / DOCUMENT)
    about = {"incident": numbers["incident"], "list": numbers["list"], "number": claim.number}
    body = {"format": FORMAT, **about, "account": claim.account, **said}
    receipt = hashlib.sha256(json_bytes(body)).hexdigest()[:16]
    folder = claim.folder / ANSWERS
    file = folder / f"{claim.number}-{receipt}.json"
    if not file.exists():
        if len([*folder.glob(f"{claim.number}-*.json")]) >= MOST_ANSWERS:
            raise Refused(_MANY)
        folder.mkdir(mode=0o700, exist_ok=True)
        at = now().astimezone(JST).isoformat(timespec="seconds")
        replace_file(file, json_bytes({**body, "at": at, "receipt": receipt}))
    return {"receipt": receipt, "kind": kind}


def _disputed(claim: Claim, asset: str, says: str, reason: str) -> dict[str, str]:
    numbers = _json(claim.folder / "numbers" / DOCUMENT)
    frozen = _list(claim.folder, numbers["list"])
    document = _document(frozen)
    scales = {a["asset"]: a["scale"] for a in document["valuation"]["assets"]}
    scales[document["currency"]] = SCALES.get(document["currency"], 0)
    units = whole(says, scales[asset]) if asset in scales else None
    if units is None:
        raise UsageError(_AMOUNT)
    if not reason.strip() or len(reason) > LONGEST:
        raise UsageError(_REASON)
    rows = entitled_rows(frozen, claim.account)
    part = "amount" if asset == document["currency"] else "in_kind"
    mine = [r for r in rows if part == "amount" or r["asset"] == asset]
    entitled = sum(int(r[part]) for r in mine)
    if units <= entitled:
        raise UsageError(_MORE)
    return {
        "asset": asset,
        "entitled": str(entitled),
        "says": str(units),
        "reason": reason.strip(),
    }


def read_answer(file: Path) -> dict[str, Any]:
    """An answer that a customer gave.

    Raises:
        UsageError: the file is none.
    """
    try:
        found: Any = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} is no answer of a customer") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise UsageError(f"{file} is no answer of a customer ({FORMAT})")
    return dict(found)


def disputed_in(file: Path) -> tuple[str, str, int]:
    """Who disputes, which asset, and what they say is owed of it, in the smallest unit.

    Raises:
        UsageError: the file is no answer, or nobody disputes in it.
    """
    found = read_answer(file)
    if found["kind"] != "dispute":
        raise UsageError(f"{file.name}: nobody disputes in it")
    return found["account"], found["asset"], int(found["says"])


def read_answers(folder: Path) -> list[dict[str, Any]]:
    """Every answer in a folder, the oldest first, each with its file."""
    found = [{**read_answer(p), "file": p.name} for p in folder.glob("*.json")]
    return sorted(found, key=lambda a: (str(a["at"]), str(a["file"])))


def _answers(claim: Claim) -> list[dict[str, Any]]:
    """What this customer answered, as they see it."""
    files = (claim.folder / ANSWERS).glob(f"{claim.number}-*.json")
    keys = ("kind", "asset", "says", "reason", "at", "receipt")
    found = [{k: a.get(k) for k in keys} for a in map(read_answer, files)]
    return sorted(found, key=lambda a: str(a["at"]))


def _json(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))


_MANY = Text(
    "この請求へのお申出は上限に達している。書面で申し出る",
    "this claim has as many answers as the page takes; write a letter",
)
_AMOUNT = Text("金額または数量を数字で入力する", "type the amount or quantity in digits")
_REASON = Text(
    f"理由を{LONGEST:,}文字以内で入力する", f"say why, in at most {LONGEST:,} characters"
)
_MORE = Text(
    "通知された額以下なので、異議にならない。額が多すぎる場合は書面で知らせる",
    "that is no more than the notice says; if the notice says too much, tell us by letter",
)
