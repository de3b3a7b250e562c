"""From a request file to a proposal: amounts, journal lines, and what the rulebook says of it.

A request names a kind, a day and what that kind needs. Amounts are whole units as text (yen, whole
coins); they become integers of the smallest unit here. A use or release is judged by the rulebook
before it is proposed, and again by the second person's program before it is approved.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sonae.actions.fund.close import close_content
from sonae.actions.fund.gates import STATED, ground, payment
from sonae.actions.fund.session import Request, plain
from sonae.core.canonical import parse_number
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text
from sonae.fund.assets import asset_problems
from sonae.fund.constitution import Constitution, read_constitution
from sonae.fund.entry import Line
from sonae.fund.journal import (
    amount_jpy,
    contribute,
    negated,
    release,
    reverse,
    set_aside,
    use,
)
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
    if not isinstance(on, date) or isinstance(on, datetime):
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


# -- facts for the two gates -----------------------------------------------------------------------


def _ground(reader: Reader, lines: Sequence[Line]) -> dict[str, Any]:
    """May the reserve be used: what was stated, evidence by digest, the rulebook's answer."""
    raw, on, view = reader.raw, reader.raw.get("on"), reader.view
    reader.taken |= {"ground", "evidence", *STATED}
    evidence = _evidence(reader)
    if "ground" not in raw or not isinstance(on, date) or reader.faults:
        return {"ground": "none", "may_proceed": False, "reason": "no_ground"}
    constitution, prices = reader.constitution, plain(raw.get("prices", {}))
    worth = amount_jpy(lines, constitution.units, prices, constitution.currency)
    stated = {
        "ground": raw["ground"],
        "stated": plain({k: raw[k] for k in STATED if k in raw}),
        "evidence": evidence,
        "assumed": _assumed(reader),
    }
    return ground(stated, view, on, worth or 0)


def _payment(reader: Reader) -> dict[str, Any]:
    """May this customer be paid: by the nature of the payment."""
    raw, on = reader.raw, reader.raw.get("on")
    reader.taken |= {"from_incident", "confirmed", "basis"}
    given: dict[str, Any] = {"nature": reader.text("nature"), "business": reader.text("business")}
    given |= {k: reader.flag(k) for k in ("from_incident", "confirmed") if k in raw}
    if given["business"] == "derivatives" and "basis" in raw:
        given |= {"basis": reader.text("basis")}
    if reader.faults or not isinstance(on, date):
        return {}
    return payment({**given, "assumed": _assumed(reader)}, on)


def _assumed(reader: Reader) -> list[str]:
    return [str(name) for name in reader.raw.get("assume", [])]


def _evidence(reader: Reader) -> dict[str, dict[str, str]]:
    """Each document by its digest; the document itself stays where it is."""
    found, raw = {}, reader.raw.get("evidence", {})
    if not isinstance(raw, Mapping):
        reader.fault("evidence", "表が必要", "a table of evidence code and file")
        return {}
    for code, name in raw.items():
        if isinstance(name, Mapping):  # digested where the document is, such as in a browser
            found[str(code)] = _digested(reader, str(code), name)
            continue
        path = reader.file.parent / str(name)
        if not path.is_file():
            reader.fault(f"evidence.{code}", f"{name}がない", f"no such file: {name}")
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(code)] = {"file": path.name, "sha256": digest}
    return found


def _digested(reader: Reader, code: str, given: Mapping[str, Any]) -> dict[str, str]:
    name, digest = given.get("file"), given.get("sha256")
    good = isinstance(name, str) and 0 < len(name) <= 255 and isinstance(digest, str)
    if not good or not re.fullmatch(r"[0-9a-f]{64}", str(digest)):
        reader.fault(f"evidence.{code}", "ファイル名とSHA-256が必要", "a file name and its SHA-256")
    return {"file": str(name), "sha256": str(digest)}
