"""Notices to a customer, as plain text: a status code, and no link, file or number to call.

Whatever looks like an address of a site, a wallet or a telephone is refused, in a value that
somebody gave and in the notice as a whole: a customer learns that such a message is not from us.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from sonae.claims.hold import HOLDS, VISIBLE
from sonae.claims.incident import CAUSES, DISCHARGES
from sonae.core.display import exact
from sonae.core.errors import Refused
from sonae.core.text import Lang, Text
from sonae.report import format as fmt
from sonae.report.words import Words

LONGEST = 200
_JAPAN = timedelta(hours=9)
WHERE = ("bank", "credit", "chain")
RETURN_REASONS = ("no_account", "closed", "name_differs", "other")
DUES = ("immediately", "promptly", "due_unknown")
_PAID = {"released": "sent", "accepted": "sent", "settled": "settled"}

# -- what no notice says ---------------------------------------------------------------------------

_FILLERS = re.compile("[\u115f\u1160\u3164\uffa0]")
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_URL = re.compile(
    r"[a-z][a-z0-9+.\-]*:(?=\S)"  # a scheme: https:, mailto:, bitcoin:
    r"|//|\\\\"
    r"|www\d*\."
    r"|@"
    r"|[\w\-]\.[^\W\d_]{2,}"  # a domain, in any script
    r"|[a-z0-9\-]。[a-z0-9\-]"  # programs read this stop between letters as a dot
    r"|(?<!\d)\d{1,3}(\.\d{1,3}){3}(?!\d)"
    r"|[\[(<{]\s*(dot|at|ドット|アット|[.。])\s*[\])>}]"
)
_STOP = re.compile(r"\w。\w")
"""Between words of a value a stop may be the dot of a domain; our own sentences need it."""
_WALLET = re.compile(r"(?=[a-z0-9]*\d)(?=[a-z0-9]*[a-z])[a-z0-9]{25,}")
_PHONE = re.compile(r"(?<![\d.,])(\+ ?\d|\(?0)[\d\-‐−() ]{7,14}\d(?!\d)")


def plain(text: str) -> str:
    """As a program reads it: wide letters narrow, small ones, without marks or what is unseen."""
    apart = unicodedata.normalize("NFKD", text)
    seen = [c for c in apart if unicodedata.category(c) not in ("Cf", "Mn", "Me")]
    return _FILLERS.sub("", "".join(seen)).casefold()


def url_like(text: str) -> bool:
    """Whether a program might make a link of some of it.

    >>> url_like("山田 太郎"), url_like("1.5 BTC"), url_like("ｅｘａｍｐｌｅ．ｃｏｍ")
    (False, False, True)
    """
    return _URL.search(plain(text)) is not None


def said(name: str, value: str) -> str:
    """A value that somebody gave, fit for a notice.

    Raises:
        Refused: it is empty or too long, or has in it what no notice may say.
    """
    kinds = {
        "an address of a site or of mail (put a space after a full stop)": url_like(value)
        or _STOP.search(plain(value)) is not None,
        "an address of a wallet": _WALLET.search(plain(value)) is not None,
        "a telephone number": _PHONE.search(plain(value)) is not None,
        "a character that is not seen": any(unicodedata.category(c) in _HIDDEN for c in value),
    }
    for kind, there in kinds.items():
        if there:
            raise Refused(f"{name}: looks like {kind}; a notice has none")
    if not value.strip() or len(value) > LONGEST:
        raise Refused(f"{name}: 1 to {LONGEST} characters are needed")
    return value.strip()


def _code(name: str, value: str, known: Iterable[str]) -> str:
    if value not in known:
        raise Refused(f"{name}: one of {', '.join(known)} is needed")
    return value


# -- what they say ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Head:
    """What every notice has: who writes, to whom, its number and its day."""

    firm: str
    to: str
    number: str
    on: date


@dataclass(frozen=True, slots=True)
class Happened:
    """An incident for those concerned; `lost` is in whole units, `next_by` when more is told."""

    cause: str
    occurred_at: datetime
    learned_at: datetime
    lost: Mapping[str, Fraction]
    personal_data: bool
    next_by: date


@dataclass(frozen=True, slots=True)
class Entitled:
    """What one customer is entitled to of one coin, and how it ends the debt.

    `clause` is the clause of the terms by which money discharges; `silence_clause` the one by
    which silence is agreement, "" where there is none.
    """

    record_on: date
    asset: str
    quantity: Fraction
    in_kind: Fraction
    rate: Fraction | None
    amount: int
    goodwill: int
    currency: str
    method: Text
    discharge: str
    object_by: date
    clause: str = ""
    silence_clause: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment: its state, its reference, and the last characters of where it goes.

    `amount` is in whole units; `discharge` says how it ends the debt of coins, "" where nobody
    says so.
    """

    state: str
    reference: str
    amount: Fraction
    asset: str
    on: date
    where: str
    last: str
    discharge: str = ""


def incident_notice(head: Head, found: Happened, lang: Lang) -> str:
    """What happened, what became of the claim, and when more will be told."""
    words = Words(lang)
    if found.next_by <= head.on:
        raise Refused("incident: more is told on a day after that of the notice")
    rows = _happened(words, found)
    next_by = words("notice.incident_next", day=_day(found.next_by, lang))
    parts = [words("notice.incident_body"), _rows(words, rows), words("notice.incident_owed")]
    return _notice(head, "incident", "INCIDENT", [*parts, next_by], lang)


def entitlement_notice(head: Head, found: Entitled, lang: Lang) -> str:
    """What a customer gets, by which method, what becomes of the debt, how to object, by when."""
    words = Words(lang)
    _check(head, found)
    rest = found.quantity - found.in_kind
    rows = {
        "method": said("method", found.method.lang(lang)),
        "quantity": _quantity(words, found.quantity, found.asset),
    }
    rows |= {"in_kind": _quantity(words, found.in_kind, found.asset)} if found.in_kind else {}
    if rest and found.rate is not None:
        rows |= {
            "rest": _quantity(words, rest, found.asset),
            "rate": _quantity(words, found.rate, found.currency),
            "in_money": _quantity(words, Fraction(found.amount), found.currency),
        }
    if found.goodwill:
        rows["goodwill"] = _quantity(words, Fraction(found.goodwill), found.currency)
    ends = ["in_kind"] if found.in_kind else []
    ends += [found.discharge] if rest else []
    clause = said("clause", found.clause) if found.clause else ""
    by = _day(found.object_by, lang)
    silence = words("notice.silence")
    if found.silence_clause:
        given = said("silence_clause", found.silence_clause)
        silence = words("notice.silence_terms", clause=given, day=by)
    body = words("notice.entitlement_body", day=_day(found.record_on, lang))
    parts = [body, _rows(words, rows, asset=said("asset", found.asset))]
    parts += [words(f"notice_discharge.{end}", clause=clause) for end in ends]
    parts += [silence, words("notice.object", day=by)]
    if found.code:
        rows = {"claim_number": _numbered(head), "claim_code": _coded(found.code)}
        parts += [_rows(words, rows), words("notice.claim_code_text"), words("notice.portal_down")]
    return _notice(head, "entitlement", "ENTITLEMENT", parts, lang)


def payment_notice(head: Head, found: Paid, lang: Lang) -> str:
    """A payment that was sent or is settled: how much, when, and where to by its last digits."""
    stage = _PAID[_code("state", found.state, _PAID)]
    words = Words(lang)
    rows = _paid(words, head, found) | {"day": _day(found.on, lang)}
    if found.discharge:
        rows["discharge"] = words(f"discharge.{_code('discharge', found.discharge, DISCHARGES)}")
    parts = [words(f"notice.payment_{stage}"), _rows(words, rows)]
    return _notice(head, "payment", f"PAYMENT-{stage.upper()}", parts, lang)


def return_notice(head: Head, found: Paid, reason: str, lang: Lang) -> str:
    """A payment whose money is back: why, and what to do; `on` is the day it came back."""
    words = Words(lang)
    _code("state", found.state, ("back",))
    why = words(f"notice_return.{_code('reason', reason, RETURN_REASONS)}")
    rows = _paid(words, head, found) | {"back_on": _day(found.on, lang), "why": why}
    parts = [words("notice.return_body"), _rows(words, rows), words("notice.return_do")]
    return _notice(head, "return", "PAYMENT-RETURNED", parts, lang)


def hold_notice(head: Head, code: str, lang: Lang) -> str:
    """A payment that waits: the visible text alone; codes that look alike give the same bytes."""
    visible = HOLDS[_code("hold", code, HOLDS)]
    body = Words(lang)("notice.hold_body", visible=VISIBLE[visible].lang(lang))
    return _notice(head, "hold", f"HOLD-{visible.upper()}", [body], lang)


def public_notice(head: Head, found: Happened, lang: Lang) -> str:
    """What happened, for everybody; `head.to` is not shown."""
    words = Words(lang)
    parts = [words("notice.public_body"), _rows(words, _happened(words, found))]
    parts.append(words("notice.incident_owed"))
    parts.append(words("notice.public_next", day=_day(found.next_by, lang)))
    return _notice(head, "public", "PUBLIC", parts, lang, "to_all")


def changed_notice(head: Head, hours: int, lang: Lang) -> str:
    """Where a customer is paid was changed: sent to the contact from before the change."""
    body = Words(lang)("notice.changed_body", hours=hours)
    return _notice(
        head, "changed", "ACCOUNT-CHANGED", [body, Words(lang)("notice.changed_do")], lang
    )


def dispute_notice(head: Head, answer_by: date, lang: Lang) -> str:
    """An objection that came in: what becomes of the payment, and by when it is answered."""
    if answer_by <= head.on:
        raise Refused("dispute: the day of the answer is after that of the notice")
    body = Words(lang)("notice.dispute_body", day=_day(answer_by, lang))
    return _notice(head, "dispute", "DISPUTE-RECEIVED", [body], lang)


def draft_report(
    head: Head,
    found: Happened,
    value: tuple[Fraction, str] | None,
    due: date | str | None,
    lang: Lang,
) -> str:
    """A draft for an authority, a bank or an insurer: what is known, and what people must add.

    `due` is a day, a word of law ("immediately", "promptly"), or None where it is not computable.
    `head.to` is the office.
    """
    words = Words(lang)
    rows = _happened(words, found)
    if value is not None:
        rows["value"] = _quantity(words, *value)
    if isinstance(due, date):
        rows["due"] = _day(due, lang)
    else:
        rows["due"] = words(f"notice.{_code('due', due or 'due_unknown', DUES)}")
    top = {"number": _numbered(head), "status": "DRAFT", "dated": _day(head.on, lang)}
    text = [
        words("notice.draft_title"),
        words("notice.to_office", to=said("to", head.to)),
        _rows(words, top),
        _rows(words, rows),
        words("notice.draft_add"),
        _rows(words, {"from": said("firm", head.firm)}),
    ]
    return _whole("draft", text)


def _happened(words: Words, found: Happened) -> dict[str, str]:
    """An incident as rows, once it is one."""
    _code("cause", found.cause, CAUSES)
    if found.occurred_at > found.learned_at:
        raise Refused("incident: it occurred before it was known")
    lost = [_quantity(words, q, asset) for asset, q in sorted(found.lost.items())]
    return {
        "cause": words(f"cause.{found.cause}"),
        "occurred": _instant(words, found.occurred_at),
        "learned": _instant(words, found.learned_at),
        "lost": ("、" if words.lang == "ja" else ", ").join(lost),
        "personal_data": words("notice.leaked" if found.personal_data else "notice.not_leaked"),
    }


def _check(head: Head, found: Entitled) -> None:
    _code("discharge", found.discharge, DISCHARGES)
    rest = found.quantity - found.in_kind
    if (
        found.quantity <= 0
        or found.in_kind < 0
        or rest < 0
        or min(found.amount, found.goodwill) < 0
    ):
        raise Refused("entitlement: a quantity above 0, and no part of it below 0, is needed")
    if (rest == 0) != (found.rate is None) or (rest == 0 and found.amount):
        raise Refused("entitlement: money has a rate and a quantity that it stands for")
    if found.rate is not None and found.amount > rest * found.rate:
        raise Refused("entitlement: money beyond quantity times rate is goodwill")
    if rest and found.discharge == "in_kind":
        raise Refused("entitlement: money does not discharge in kind")
    if rest and (found.discharge == "terms_clause") != bool(found.clause):
        raise Refused("entitlement: discharge by the terms names its clause, any other has none")
    if not found.record_on <= head.on < found.object_by:
        raise Refused(
            "entitlement: record date, notice, and the day to object by come in this order"
        )


def _paid(words: Words, head: Head, found: Paid) -> dict[str, str]:
    _code("where", found.where, WHERE)
    if not re.fullmatch(r"\d{20}", found.reference, re.ASCII):
        raise Refused("reference: twenty digits are needed")
    if not re.fullmatch(r"[0-9A-Za-z]{1,4}", found.last, re.ASCII):
        raise Refused("last: the last one to four characters of an account, and no more")
    if found.amount <= 0:
        raise Refused("amount: above 0 is needed")
    if found.on > head.on and _PAID.get(found.state) != "sent":
        raise Refused(f"{found.state}: not on a day after that of the notice")
    return {
        "reference": found.reference,
        "coins" if found.where == "chain" else "amount": _quantity(
            words, found.amount, found.asset
        ),
        "where": words(f"notice_where.{found.where}", last=found.last),
    }


def _quantity(words: Words, value: Fraction, unit: str) -> str:
    if unit == "JPY":
        return words("notice.yen", amount=exact(value))
    return f"{exact(value)} {said('unit', unit)}"


def _day(on: date, lang: Lang) -> str:
    return fmt.day(on.isoformat(), lang)


def _instant(words: Words, at: datetime) -> str:
    """Day and time; the offset has no colon, which would follow letters."""
    place = "japan" if at.utcoffset() == _JAPAN else "elsewhere"
    day = _day(at.date(), words.lang)
    return words(f"notice.{place}", day=day, time=f"{at:%H:%M}", offset=f"{at:%z}")


def _rows(words: Words, rows: Mapping[str, str], **values: str) -> str:
    labels = {key: words(f"notice.{key}", **values) for key in rows}
    return "\n".join(words("notice.row", label=labels[k], value=row) for k, row in rows.items())


def _numbered(head: Head) -> str:
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9\-]{0,23}", head.number, re.ASCII):
        raise Refused("number: up to 24 capital letters, digits and hyphens are needed")
    return head.number


def _coded(code: str) -> str:
    if not re.fullmatch(r"([2-9A-HJ-NP-Z]{5}-){3}[2-9A-HJ-NP-Z]{5}", code, re.ASCII):
        raise Refused("code: four groups of five signs are needed")
    return code


def _notice(
    head: Head, kind: str, status: str, parts: Iterable[str], lang: Lang, to: str = "to"
) -> str:
    """The whole of a notice to customers."""
    words = Words(lang)
    top = {"number": _numbered(head), "status": status, "dated": _day(head.on, lang)}
    text = [
        words(f"notice.{kind}_title"),
        words(f"notice.{to}", to=said("to", head.to)),
        _rows(words, top),
        *parts,
        words("notice.check"),
        words("notice.never"),
        _rows(words, {"from": said("firm", head.firm)}),
    ]
    return _whole(kind, text)


def _whole(kind: str, parts: Iterable[str]) -> str:
    """A notice put together, refused where it then looks like an address."""
    text = "\n\n".join(parts)
    if url_like(text):
        raise Refused(f"{kind}: put together, this notice looks as if it had a link in it")
    return text + "\n"
