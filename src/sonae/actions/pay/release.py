"""The verbs of release: send once, and ask about what got no answer.

The intent to send is on the disk before a byte leaves. Whoever finds an intent without an answer
asks the rail and never sends again; only what a rail calls absent for good is planned anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.pay.account import cooling
from sonae.actions.pay.fund import SENT, check_funding
from sonae.actions.pay.sign import check_approved
from sonae.claims.payment import Event, PaymentError
from sonae.claims.rail import Answer, Rail, RailSilence, Receipt
from sonae.core.text import Text, same
from sonae.fund.entry import instant
from sonae.store.payments import Payments
from sonae.store.payout_rows import Payment, PayoutFile

STILL_SENDING = timedelta(minutes=15)
"""How long an intent without an answer is left to whoever may still be sending; a rail gives up
sooner."""


class NotAsked(PaymentError):
    """The rail could not be asked before a file was sent: nothing was; it may be tried again."""


# -- sending -------------------------------------------------------------------------------------


def release(
    store: Payments,
    name: str,
    content: bytes,
    rail: Rail,
    by: str = "operator",
    now: Now = utc_now,
) -> PayoutFile:
    """Send a file once, if it is what three people signed and all of it may be paid.

    The rail is asked first, by the file's name and by every payment in it: a store restored from an
    older backup knows less than the bank. The same file is recorded and not sent; a payment that
    the bank had in another file stops it. What may have changed since the file was made (a list,
    an event) is checked again here, for whoever sends. Where no answer comes the payments are
    unknown and the file says so; `resume` asks about it.

    Raises:
        InputError: an address was listed, or a trigger event came, since; nothing was sent.
        NotAsked: the rail cannot be asked now; nothing was sent.
        PaymentError: it may not be sent; nothing was.
        StoreError: the intent could not be recorded; nothing was sent. Or the answer could not:
            the file stays released, and `resume` asks.
    """
    references = [p.reference for p in store.of_file(name)]
    at, before = now(), _before(rail, name, references)
    with store.transaction(at, by):
        file = store.file(name)
        _check_release(store, file, content, rail, now)
        if before.status != "accepted":  # what the rail has taken is recorded, whatever came since
            day = max(date.fromisoformat(file.designated), at.date())
            rail.recheck([p.line for p in store.of_file(name)], day)
        for payment in store.of_file(name):
            store.move(payment, Event("release"), name)
        store.move_file(file._replace(state="released", sent=instant(at)))
    if before.status == "accepted":
        return record(store, name, before, by, now)
    try:
        receipt = rail.send(name, content)
    except (RailSilence, OSError) as error:
        return _silence(store, name, str(error), by, now)
    return record(store, name, Answer("accepted", receipt), by, now)


def _before(rail: Rail, name: str, references: Sequence[str]) -> Answer:
    """What the rail says of a file and of each of its payments before it is sent."""
    try:
        answer, had = rail.ask(name), rail.had(references)
    except (RailSilence, OSError) as error:
        why = error.text if isinstance(error, RailSilence) else same(str(error))
        raise NotAsked(_NOT_ASKED.format(name=name, error=why)) from error
    if answer.status == "absent":
        raise PaymentError(_ABSENT.format(name=name))
    if elsewhere := sorted((f, r) for r, f in had.items() if f != name):
        file, one = elsewhere[0]
        raise PaymentError(_HAD.format(name=name, n=len(elsewhere), one=one, file=file))
    return answer


def _check_release(store: Payments, file: PayoutFile, content: bytes, rail: Rail, now: Now) -> None:
    if file.state != "made":
        raise PaymentError(_ONCE.format(name=file.name, state=file.state))
    given = hashlib.sha256(content).hexdigest()
    if given != file.sha256:
        cut = {"given": given[:12], "signed": file.sha256[:12]}
        raise PaymentError(_OTHER_BYTES.format(name=file.name, **cut))
    if rail.name != file.rail:
        raise PaymentError(_OTHER_WAY.format(name=file.name, rail=file.rail, given=rail.name))
    check_approved(store, file)
    payments = store.of_file(file.name)
    sums = (len(payments), sum(p.amount for p in payments))
    if sums != (file.items, file.total) or any(p.state != "filed" for p in payments):
        raise PaymentError(_NO_LONGER.format(name=file.name))
    if changed := {p.person for p in payments} & cooling(store, now()):
        who = ", ".join(sorted(changed))
        raise PaymentError(_CHANGED.format(name=file.name, who=who))
    if odd := [f.name for f in store.files(file.programme) if f.state == "differs"]:
        raise PaymentError(_HOLDS_OTHER.format(name=odd[0]))
    check_funding(store, file)
    _check_pilot(store, file)


def _check_pilot(store: Payments, file: PayoutFile) -> None:
    """The first file sent is small, and what became of it is known before any other follows."""
    programme = store.programme(file.programme)
    if not programme.pilot:
        return
    sent = [f for f in store.files(programme.id) if f.state in SENT]
    if not sent:
        if file.items > programme.pilot:
            about = {"n": file.items, "most": programme.pilot}
            raise PaymentError(_PILOT.format(name=file.name, **about))
        return
    pilot = min(sent, key=lambda f: f.sent)
    good = {"accepted", "settled", "returned", "back"}
    if programme.pilot_wait == "settled":
        good = {"settled", "back"}
    waiting = [p for p in store.of_file(pilot.name) if p.state not in good]
    if waiting:
        why = {"pilot": pilot.name, "wait": _WAITS[programme.pilot_wait]}
        raise PaymentError(_PILOT_WAITS.format(name=file.name, n=len(waiting), **why))


def _silence(
    store: Payments, name: str, why: str, by: str, now: Now, state: str = "unknown"
) -> PayoutFile:
    """No answer that can be used: every payment without one is unknown."""
    with store.transaction(now(), by):
        file = store.file(name)
        for payment in _in(store, name, "released"):
            store.move(payment, Event("silence"), why)
        if file.state in ("released", "unknown"):
            store.move_file(file._replace(state=state))
    return store.file(name)


def _in(store: Payments, name: str, *states: str) -> list[Payment]:
    return [p for p in store.of_file(name) if p.state in states]


def record(
    store: Payments, name: str, answer: Answer, by: str = "operator", now: Now = utc_now
) -> PayoutFile:
    """Record what a rail said of a file; the same answer again changes nothing.

    Raises:
        PaymentError: it contradicts what the rail said before, or names other bytes.
    """
    differs = answer.receipt is not None and answer.receipt.sha256 != store.file(name).sha256
    if differs:
        _silence(store, name, "the receipt names other bytes", by, now, "differs")
        raise PaymentError(_RECEIPT_OTHER.format(name=name))
    with store.transaction(now(), by):
        file = store.file(name)
        if answer.status == "accepted" and answer.receipt and file.state != "accepted":
            _accept(store, file, answer.receipt)
        elif answer.status == "absent" and file.state != "absent":
            _absent(store, file)
    return store.file(name)


def _accept(store: Payments, file: PayoutFile, receipt: Receipt) -> None:
    if file.state not in ("released", "unknown", "differs"):
        about = {"state": file.state, "number": receipt.number}
        raise PaymentError(_TAKEN.format(name=file.name, **about))
    for payment in _in(store, file.name, "released", "unknown"):
        store.move(payment, Event("accept"), receipt.number)
    store.move_file(file._replace(state="accepted", receipt=receipt.number[:128]))


def _absent(store: Payments, file: PayoutFile) -> None:
    payments = store.of_file(file.name)
    if file.state != "unknown" or any(p.state != "unknown" for p in payments):
        raise PaymentError(_ABSENT_YET.format(name=file.name))
    for payment in payments:
        store.move(payment, Event("absent"), file.name)
    store.move_file(file._replace(state="absent"))


@dataclass
class Resumed:
    """Names of files by what the rail said; `differs` holds what people must look at."""

    accepted: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    differs: list[Text] = field(default_factory=list)


def resume(
    store: Payments,
    rail: Rail,
    by: str = "operator",
    now: Now = utc_now,
    still_sending: timedelta = STILL_SENDING,
) -> Resumed:
    """Ask about every file whose answer is missing; nothing is sent.

    A file released less than `still_sending` ago is left alone: another process may be at it.
    """
    found, limit = Resumed(), instant(now() - still_sending)
    for file in store.files():
        late = file.state in ("unknown", "differs") or (
            file.state == "released" and file.sent <= limit
        )
        if file.rail != rail.name or not late:
            continue
        _silence(store, file.name, "no answer was recorded", by, now)
        answer = _asked(rail, file.name)
        try:
            record(store, file.name, answer, by, now)
        except PaymentError as error:
            found.differs.append(error.text)
        else:
            getattr(found, answer.status).append(file.name)
    return found


def _asked(rail: Rail, name: str) -> Answer:
    try:
        answer = rail.ask(name)
    except (RailSilence, OSError):
        return Answer("open")
    shown = answer.status != "accepted" or answer.receipt is not None
    return answer if shown else Answer("open")


# -- what is said --------------------------------------------------------------------------------

_NOT_ASKED = Text(
    "{name}: 支払先に照会できない（{error}）。何も送っていない",
    "{name}: the rail cannot be asked ({error}); nothing was sent",
)
_ABSENT = Text(
    "{name}: 支払先はもう受け付けない。ファイルを取り下げる",
    "{name}: the rail will not take it any more; withdraw it",
)
_HAD = Text(
    "{name}: このファイルの支払{n}件（{file}の{one}など）は、既に支払先が受け取っている。この記録は"
    "支払先より古い。何も送っていない。ファイルを取り下げ、新しい控えを復元する",
    "{name}: the rail had {n} of its payments already, {one} in {file}: this store knows less than "
    "the rail. Nothing was sent; withdraw the file and restore a newer copy",
)
_ONCE = Text(
    "{name}は「{state}」であり、ファイルは一度しか送らない",
    '{name} is "{state}"; a file is sent once',
)
_OTHER_BYTES = Text(
    "{name}: 提出しようとする内容（{given}…）が、承認された内容（{signed}…）と違う。"
    "何も送っていない",
    "{name}: what is to be uploaded ({given}…) is not what was approved ({signed}…); nothing was "
    "sent",
)
_OTHER_WAY = Text(
    "{name}は{rail}で支払うファイルであり、{given}のものではない",
    "{name} is for {rail}, not for {given}",
)
_NO_LONGER = Text(
    "{name}: 支払がファイルの内容と一致しなくなっている",
    "{name}: its payments are no longer those of the file",
)
_CHANGED = Text(
    "{name}: 支払先の変更があった: {who}。ファイルを取り下げる",
    "{name}: changed account: {who}; withdraw the file",
)
_HOLDS_OTHER = Text(
    "{name}: 支払先が受け取った内容が違う。原因が分かるまで次を支払わない",
    "{name}: the rail holds other bytes; find out before paying more",
)
_PILOT = Text(
    "{name}: {n}件ある。最初のファイルは{most}件までである",
    "{name}: {n} payments; the first file has at most {most}",
)
_PILOT_WAITS = Text(
    "{name}: 試行のファイル{pilot}に、{wait}支払が{n}件ある",
    "{name}: the pilot {pilot} has {n} payments that are not {wait}",
)
_WAITS = {
    "answered": Text("回答のない", "answered"),
    "settled": Text("完了していない", "settled"),
}
_RECEIPT_OTHER = Text(
    "{name}: 受付の通知が示す内容が送ったものと違う。結果は不明のままとする",
    "{name}: the rail's receipt names other bytes; it stays unknown",
)
_TAKEN = Text(
    "{name}は「{state}」だが、支払先は受け付けている（{number}）。止めて、何が支払われたかを調べる",
    '{name} is "{state}", yet the rail has taken it ({number}): stop and find out what it paid',
)
_ABSENT_YET = Text(
    "{name}: 受け付けていないとの回答だが、既に動きがある",
    "{name}: called absent, but something came of it already",
)
