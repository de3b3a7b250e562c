"""From a request file to a proposal: amounts, journal lines, and what the rulebook says of it.

A request names a kind, a day and what that kind needs. Amounts are whole units as text (yen, whole
coins); they become integers of the smallest unit here. A use or release is judged by the rulebook
before it is proposed, and again by the second person's program before it is approved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sonae.actions.fund import Request, Session, plain, read_order
from sonae.actions.fund_close import close_content
from sonae.core.canonical import parse_number
from sonae.core.errors import InputError, Problem, Refused, UsageError
from sonae.core.figure import Figure
from sonae.core.text import Text
from sonae.fund.assets import asset_problems
from sonae.fund.constitution import Constitution, read_constitution
from sonae.fund.entry import Line, Propose
from sonae.fund.journal import (
    amount_jpy,
    contribute,
    negated,
    release,
    reverse,
    set_aside,
    use,
)
from sonae.rulebook.draft import load_draft
from sonae.rulebook.edition import Edition
from sonae.rulebook.rule import facts_from
from sonae.store.ledger import Recorded
from sonae.store.view import StoreView

COMMON = {"kind", "on", "reason", "prices", "assume"}


class Reader:
    """Takes what a kind needs out of a request, collecting what is wrong; `done` raises it all."""

    def __init__(self, raw: Mapping[str, Any], file: Path, view: StoreView) -> None:
        self.raw, self.file, self.view = dict(raw), file, view
        self.faults: list[Problem] = []
        self.taken: set[str] = set(COMMON)
        found = view.constitution()
        if found is None:
            raise UsageError("the constitution is not approved yet; nothing else can be proposed")
        self.constitution: Constitution = found

    def fault(self, key: str, ja: str, en: str) -> None:
        """Note one thing wrong."""
        self.faults.append(Problem("bad-setting", "request", Text(ja, en), self.file.name, key=key))

    def text(self, key: str, default: str | None = None) -> str:
        """A text that must be given, unless there is a default."""
        self.taken.add(key)
        value = self.raw.get(key, default)
        if not isinstance(value, str) or not value:
            self.fault(key, "文字列が必要", "text is needed")
            return ""
        return value

    def flag(self, key: str) -> bool | None:
        """True or false where given."""
        self.taken.add(key)
        value = self.raw.get(key)
        if value is not None and type(value) is not bool:
            self.fault(key, "true か false", "true or false")
        return value if isinstance(value, bool) else None

    def asset(self, key: str = "asset") -> tuple[str, str]:
        """A registered asset and its unit."""
        id = self.text(key)
        found = self.view.asset(id)
        if found is None:
            known = ", ".join(sorted(self.view.assets())) or "-"
            self.fault(key, f"登録済みの資産: {known}", f"one of the registered assets: {known}")
            return id, self.constitution.currency
        return id, str(found["unit"])

    def amount(self, key: str, unit: str, *, signed: bool = False) -> int:
        """An amount of whole units as an integer of the smallest; no digit beyond the scale."""
        self.taken.add(key)
        value, scale = self.raw.get(key), self.constitution.units[unit]
        try:
            if not isinstance(value, str | int) or isinstance(value, bool):
                raise ValueError
            units = parse_number(str(value)) * 10**scale
            if units.denominator != 1 or (units <= 0 and not signed) or units == 0:
                raise ValueError
        except ValueError:
            ja = f"{unit}の正の数（小数{scale}桁まで）を文字列か整数で"
            self.fault(key, ja, f"a positive number of {unit}, at most {scale} decimals, as text")
            return 1
        return int(units)

    def done(self) -> None:
        """Refuse unknown keys and everything noted so far."""
        for key in sorted(set(self.raw) - self.taken):
            self.fault(key, "知らない項目", "an unknown key")
        if self.faults:
            raise InputError(self.faults)


def read_request(raw: Mapping[str, Any], file: Path, view: StoreView) -> Request:
    """A request as what will be signed.

    Raises:
        InputError: everything wrong with it at once.
    """
    kind = str(raw.get("kind"))
    if kind == "constitution":
        return _amendment(raw, file)
    makers: Mapping[str, Callable[[Reader], tuple[dict[str, Any], list[Line]]]] = {
        "asset": _asset,
        "set_aside": _set_aside,
        "contribute": _contribute,
        "use": _use,
        "release": _release,
        "exchange": _exchange,
        "recover": _recover,
        "correct": _correct,
        "close": _close,
    }
    if kind not in makers:
        raise UsageError(f"{file}: kind is one of {', '.join([*makers, 'constitution'])}")
    reader = Reader(raw, file, view)
    on = raw.get("on")
    if not isinstance(on, date):
        reader.fault("on", "日付（on = 2026-11-20）が必要", "a day is needed (on = 2026-11-20)")
        on = date.min
    content, lines = makers[kind](reader)
    reader.done()
    if kind not in ("asset", "close"):
        content |= _worth(reader, lines)
    if kind != "asset":
        content |= {"reason": str(raw.get("reason", ""))}
    return Request(kind, on, content, tuple(lines))


def _worth(reader: Reader, lines: list[Line]) -> dict[str, Any]:
    """The yen amount that decides how many must approve, with the prices it rests on."""
    constitution, prices = reader.constitution, plain(reader.raw.get("prices", {}))
    worth = amount_jpy(lines, constitution.units, prices, constitution.currency)
    if worth is None:
        reader.fault("prices", "円以外の単位の価格が必要", "the price of each unit other than yen")
        reader.done()
    return {"amount_jpy": str(worth), **({"prices": prices} if prices else {})}


def _amendment(raw: Mapping[str, Any], file: Path) -> Request:
    body = {k: v for k, v in raw.items() if k not in ("kind", "on", "reason")}
    read_constitution(body, file.name)
    if not isinstance(raw.get("on"), date):
        raise UsageError(f"{file}: a day is needed (on = 2026-11-20)")
    return Request("constitution", raw["on"], plain(body))


# -- kinds -----------------------------------------------------------------------------------------


def _asset(reader: Reader) -> tuple[dict[str, Any], list[Line]]:
    reader.taken.add("asset")
    content = reader.raw.get("asset")
    if not isinstance(content, Mapping):
        reader.fault("asset", "表が必要", "a table [asset] is needed")
        return {}, []
    content = plain(content)
    reader.faults += asset_problems(content, reader.constitution.units, reader.file.name)
    return content, []


def _set_aside(reader: Reader) -> tuple[dict[str, Any], list[Line]]:
    constitution = reader.constitution
    amount = reader.amount("amount", constitution.currency)
    asset = reader.asset()[0] if "asset" in reader.raw else None
    return {}, set_aside(constitution.reserve_class, amount, asset, constitution.currency)


def _contribute(reader: Reader) -> tuple[dict[str, Any], list[Line]]:
    asset, unit = reader.asset()
    return {}, contribute(asset, reader.amount("amount", unit), unit)


def _use(reader: Reader) -> tuple[dict[str, Any], list[Line]]:
    incident, (asset, unit) = reader.text("incident"), reader.asset()
    lines = use(incident, asset, reader.amount("amount", unit), unit)
    lines += _reversal(reader)
    content: dict[str, Any] = {"incident": incident, "cause": reader.text("cause", "undetermined")}
    content["ground"] = _ground(reader, lines)
    content["payment"] = _payment(reader)
    return content, lines


def _release(reader: Reader) -> tuple[dict[str, Any], list[Line]]:
    lines: list[Line] = []
    if "asset" in reader.raw or "reverse" not in reader.raw:
        asset, unit = reader.asset()
        lines += release(asset, reader.amount("amount", unit), unit)
    lines += _reversal(reader)
    return {"ground": _ground(reader, lines)}, lines


def _reversal(reader: Reader) -> list[Line]:
    """The part of the booked reserve that goes with a movement, where one is stated."""
    if "reverse" not in reader.raw:
        return []
    currency = reader.constitution.currency
    amount = reader.amount("reverse", currency)
    return reverse(reader.constitution.reserve_class, amount, currency)


def _exchange(reader: Reader) -> tuple[dict[str, Any], list[Line]]:
    sold, from_unit = reader.asset("sold")
    bought, to_unit = reader.asset("bought")
    out, into = reader.amount("sold_amount", from_unit), reader.amount("bought_amount", to_unit)
    lines = [Line(f"asset/{sold}", from_unit, -out), Line(f"asset/{bought}", to_unit, into)]
    if from_unit == to_unit and out != into:
        reader.fault("bought_amount", "同じ単位では同額", "the same amount in one unit")
    if from_unit != to_unit:
        lines += [Line("exchange", from_unit, out), Line("exchange", to_unit, -into)]
    return {}, lines


def _recover(reader: Reader) -> tuple[dict[str, Any], list[Line]]:
    incident, (asset, unit) = reader.text("incident"), reader.asset()
    amount = reader.amount("amount", unit)
    lines = [Line(f"asset/{asset}", unit, amount), Line(f"recovery/{incident}", unit, -amount)]
    return {"incident": incident}, lines


def _correct(reader: Reader) -> tuple[dict[str, Any], list[Line]]:
    reader.taken.add("corrects")
    seq = reader.raw.get("corrects")
    lines = reader.view.posted(seq) if type(seq) is int else None
    if lines is None:
        reader.fault(
            "corrects",
            "効力のある起票の番号（訂正済みを除く）",
            "the number of a movement in effect that was not corrected yet",
        )
        return {"corrects": seq}, [Line("firm", reader.constitution.currency, 1)]
    content: dict[str, Any] = {"corrects": seq}
    if "ground" in reader.raw:
        content["ground"] = _ground(reader, list(negated(lines)))
    return content, list(negated(lines))


def _close(reader: Reader) -> tuple[dict[str, Any], list[Line]]:
    """A close to be signed: its digest and figures, and what differs from the one it supersedes."""
    folder, on = Path(reader.text("close")), reader.raw.get("on")
    reader.done()
    assert isinstance(on, date)
    return close_content(folder, on, reader.view), []


# -- the two gates ---------------------------------------------------------------------------------

GROUND, PAYMENT, DUTY = "jp.reserve.ground", "jp.reserve.payment", "jp.crypto.reserve_duty"
INCIDENT, ROUTE = "jp.securities.reserve_use", "jp.jvcea.compensation_route"
_STATED = ("act", "arose_in_trading", "excess_jpy")
_PAYMENT = ("from_incident", "confirmed")


def _ground(reader: Reader, lines: Sequence[Line]) -> dict[str, Any]:
    """May the reserve be used: what was stated, evidence by digest, the rulebook's answer."""
    raw, on = reader.raw, reader.raw.get("on")
    reader.taken |= {"ground", "evidence", *_STATED}
    evidence = _evidence(reader)
    if "ground" not in raw or not isinstance(on, date) or reader.faults:
        return {"ground": "none", "may_proceed": False, "reason": "no_ground"}
    failure, prices = reader.view.failure(), plain(raw.get("prices", {}))
    constitution = reader.constitution
    worth = amount_jpy(lines, constitution.units, prices, constitution.currency)
    basis = {
        "ground": raw["ground"],
        "stated": plain({k: raw[k] for k in _STATED if k in raw}),
        "evidence": evidence,
        "after_petition": failure.petition is not None or failure.appointed is not None,
        "reserve_class": constitution.reserve_class,
        "assumed": [str(name) for name in raw.get("assume", [])],
    }
    return basis | judge_ground(basis, on, worth or 0)


def judge_ground(basis: Mapping[str, Any], on: date, amount: int) -> dict[str, Any]:
    """The rulebook's answer on a ground, as signed content."""
    edition = Edition(on, tuple(load_draft(name) for name in basis["assumed"]))
    stated = dict(basis["stated"])
    given: dict[str, Any] = {
        **{k: basis[k] for k in ("ground", "reserve_class", "after_petition")},
        "evidence": dict.fromkeys(basis["evidence"], True),
        "amount_jpy": amount,
    }
    given["statute_in_force"] = _ask(edition, DUTY, {})["in_force"]
    if "excess_jpy" in stated:
        given["excess_jpy"] = stated.pop("excess_jpy")
    if stated:
        use_ = _ask(edition, INCIDENT, stated)["reserve_usable_without_approval"]
        if isinstance(use_.value, bool):
            given["reserve_usable_without_approval"] = use_.value
    answer = _ask(edition, GROUND, given)
    may, reason, lacking = (answer[k] for k in ("may_proceed", "reason", "missing_evidence"))
    return {
        "may_proceed": may.value is True,
        "reason": str(reason.value or "none") if reason.computable else "not_computable",
        "missing": sorted(lacking.rows()) if lacking.computable else [],
        "standing": may.standing,
        "confidence": may.confidence,
        "provision": [c.text().as_json() for c in may.cites],
        "edition": edition.digest(),
    }


def _payment(reader: Reader) -> dict[str, Any]:
    """May this customer be paid: by the nature of the payment."""
    raw, on = reader.raw, reader.raw.get("on")
    reader.taken |= {*_PAYMENT, "basis"}
    given: dict[str, Any] = {"nature": reader.text("nature"), "business": reader.text("business")}
    given |= {k: reader.flag(k) for k in _PAYMENT if k in raw}
    if reader.faults or not isinstance(on, date):
        return {}
    edition = Edition(on, tuple(load_draft(str(name)) for name in raw.get("assume", [])))
    if given["business"] == "derivatives" and "basis" in raw:
        given |= {"basis": reader.text("basis"), **_route(edition, str(raw["basis"]))}
    asked = {k: v for k, v in given.items() if k != "basis"}
    answer = _ask(edition, PAYMENT, asked)
    found = {k: f.value if f.computable else "not_computable" for k, f in answer.items()}
    marks = {"standing": answer["may_pay"].standing, "confidence": answer["may_pay"].confidence}
    return {**given, **found, **marks}


def _route(edition: Edition, basis: str) -> dict[str, bool]:
    """Whether a loss in derivatives needs confirmation, by the association's route."""
    answer = _ask(edition, ROUTE, {"product": "crypto_derivative", "basis": basis})
    needed = answer["confirmation_needed"].value
    return {"confirmation_needed": needed} if isinstance(needed, bool) else {}


def _ask(edition: Edition, rule: str, given: Mapping[str, Any]) -> Mapping[str, Figure]:
    plain_ = {k: v for k, v in given.items() if not isinstance(v, Figure)}
    facts, unknown = facts_from(plain_, edition.rule(rule))
    facts |= {k: v for k, v in given.items() if isinstance(v, Figure)}
    if unknown:
        raise UsageError(f"{rule} does not know {', '.join(unknown)}")
    return edition.evaluate(rule, facts)


def _evidence(reader: Reader) -> dict[str, dict[str, str]]:
    """Each document by its digest; the document itself stays where it is."""
    found, raw = {}, reader.raw.get("evidence", {})
    if not isinstance(raw, Mapping):
        reader.fault("evidence", "表が必要", "a table of evidence code and file")
        return {}
    for code, name in raw.items():
        path = reader.file.parent / str(name)
        if not path.is_file():
            reader.fault(f"evidence.{code}", f"{name}がない", f"no such file: {name}")
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(code)] = {"file": path.name, "sha256": digest}
    return found


def same_assessment(proposed: Propose) -> bool:
    """Whether the rulebook, asked again now, answers as the proposal says it answered."""
    ground = proposed.content.get("ground")
    if not ground or ground.get("ground") == "none":
        return True
    amount = int(proposed.content.get("amount_jpy", "0"))
    answer = judge_ground(ground, date.fromisoformat(proposed.on), amount)
    return all(answer[k] == ground.get(k) for k in ("may_proceed", "reason", "missing"))


def approve(
    session: Session,
    seq: int,
    reason: str = "",
    digest: str | None = None,
    court_permission: Path | None = None,
) -> Recorded:
    """Approve a proposal after asking the rulebook again what the proposer's program asked it.

    Raises:
        Refused: the proposal is not the one the person saw, or the rulebook answers otherwise now.
    """
    found = session.ledger.view.proposal(seq)
    if found is not None and digest is not None and not found.digest.startswith(digest):
        raise Refused(f"proposal {seq} has the digest {found.digest[:16]}…, not {digest}")
    if found is not None and not same_assessment(found.act):
        raise Refused(
            f"proposal {seq} states an answer of the rulebook that it does not give here; look at "
            "the evidence and reject it, or update this program"
        )
    permission = read_order(court_permission) if court_permission else None
    return session.decide(seq, "approve", reason, permission)
