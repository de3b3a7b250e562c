"""A customer's claim for their page: amounts and words as they read them, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sonae.claims.hold import VISIBLE
from sonae.core.canonical import parse_number
from sonae.core.display import exact
from sonae.core.text import Lang
from sonae.report.format import day, instant
from sonae.report.titles import provision
from sonae.report.words import Words

Found = Mapping[str, Any]
DONE = ("ENTITLEMENT", "PAYMENT-PLANNED", "PAYMENT-SENT", "PAYMENT-SETTLED")
"""The way that most claims go; each code marks how far one is."""


def claim_rows(found: Found, lang: Lang) -> dict[str, Any]:
    """Everything that the page shows of a claim."""
    words, currency = Words(lang), found["currency"]
    money = sum((parse_number(lot["amount"]) for lot in found["lots"]), parse_number("0"))
    extra = sum((parse_number(lot["goodwill"]) for lot in found["lots"]), parse_number("0"))
    last = found["deadline"]
    return {
        "currency": currency,
        "money": _sum(money, currency, words) if money else "",
        "goodwill": _sum(extra, currency, words) if extra else "",
        "coins": [
            f"{exact(parse_number(lot['in_kind']))} {lot['asset']}"
            for lot in found["lots"]
            if lot["in_kind"] != "0"
        ],
        "lots": [_lot(lot, currency, words) for lot in found["lots"]],
        "record": instant(found["record_at"], "", lang),
        "method": found["method"][lang],
        "discharge": _discharge(found, words),
        "provisions": [
            {"of": provision(p, 0, lang), "standing": p["standing"], "confidence": p["confidence"]}
            for p in found["provisions"]
        ],
        "payments": [_payment(p, words) for p in found["payments"]],
        "status": found["status"],
        "status_text": _status(found["status"], words),
        "steps": _steps(found["status"], words),
        "assets": _assets(found),
        "deadline": day(last["extended_to"], lang),
        "first": day(last["object_by"], lang),
        "put_off": last["extended_to"] != last["object_by"],
        "answers": [_answer(a, found, words) for a in found["answers"]],
    }


def _sum(value: Any, currency: str, words: Words) -> str:
    if currency == "JPY":
        return words("notice.yen", amount=exact(value))
    return f"{exact(value)} {currency}"


def _lot(lot: Found, currency: str, words: Words) -> dict[str, str]:
    """How one amount came about, in a line: quantity, price, product."""
    found = {
        "asset": lot["asset"],
        "lost": f"{exact(parse_number(lot['lost']))} {lot['asset']}",
        "in_kind": "",
        "line": "",
    }
    if lot["in_kind"] != "0":
        found["in_kind"] = f"{exact(parse_number(lot['in_kind']))} {lot['asset']}"
    if lot["rate"] is not None and lot["rest"] != "0":
        found["line"] = words(
            "claim_page.line",
            quantity=f"{exact(parse_number(lot['rest']))} {lot['asset']}",
            rate=_sum(parse_number(lot["rate"]), currency, words),
            amount=_sum(parse_number(lot["amount"]), currency, words),
        )
    return found


def _discharge(found: Found, words: Words) -> list[str]:
    """What becomes of the debt, in the words of the notice."""
    ends = ["in_kind"] if any(lot["in_kind"] != "0" for lot in found["lots"]) else []
    if any(lot["rest"] != "0" for lot in found["lots"]):
        ends.append(found["discharge"])
    clause = words("claim_page.clause")
    return [words(f"notice_discharge.{end}", clause=clause) for end in dict.fromkeys(ends)]


def _payment(payment: Found, words: Words) -> dict[str, str]:
    amount = payment["amount"]
    if amount is None:
        said = words("claim_page.units", n=exact(parse_number(payment["units"])))
        said = f"{said} {payment['asset']}"
    else:
        said = _sum(parse_number(amount), payment["asset"], words)
    where = ""
    if payment["where"]:
        where = words(f"notice_where.{payment['where']}", last=payment["end"])
    return {
        "amount": said,
        "where": where,
        "status": payment["status"],
        "text": _status(payment["status"], words),
        "on": day(payment["on"], words.lang) if payment["on"] else "",
        "reference": payment["reference"],
    }


def _status(code: str, words: Words) -> str:
    """What a status code says."""
    if code.startswith("HOLD-"):
        return VISIBLE[code.removeprefix("HOLD-").lower()].lang(words.lang)
    return words(f"claim_status.{code.lower().replace('-', '_')}")


def _steps(code: str, words: Words) -> list[dict[str, Any]]:
    """The usual way with how far this claim is; a claim that waits stands after its first step."""
    at = DONE.index(code) if code in DONE else 1
    return [
        {
            "text": words(f"claim_page.step_{n}"),
            "done": n < at or (n == at and code == DONE[-1]),
            "now": n == at and code != DONE[-1],
        }
        for n in range(len(DONE))
    ]


def _assets(found: Found) -> list[str]:
    """What a customer may dispute: the money, and each coin that comes back."""
    back = [lot["asset"] for lot in found["lots"] if lot["in_kind"] != "0"]
    money = any(lot["amount"] != "0" or lot["rest"] != "0" for lot in found["lots"])
    return [*([found["currency"]] if money else []), *back]


def _answer(answer: Found, found: Found, words: Words) -> dict[str, str]:
    """An answer as its customer gave it."""
    says = ""
    if answer["kind"] == "dispute":
        scales = {lot["asset"]: lot["scale"] for lot in found["lots"]}
        units = parse_number(answer["says"]) / 10 ** scales.get(answer["asset"], 0)
        says = _sum(units, answer["asset"], words)
    return {
        "at": instant(answer["at"], "", words.lang),
        "kind": words(f"claim_page.answered_{answer['kind']}"),
        "says": says,
        "reason": answer["reason"] or "",
        "receipt": answer["receipt"],
    }
