"""Ways without a bank: yen credited to accounts with us, and accounts handed to another exchange.

in/NAME.postings.csv        reference, account, amount, posting: what our own ledger says it posted
in/NAME.acknowledged.csv    asset, sent, received: what the other exchange says it took over
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.pay.way import ROW, Settings, Settled, Way, read_rows, whole
from sonae.actions.pay.way_bank import parts
from sonae.claims.payment import PaymentError
from sonae.claims.rail import Pay
from sonae.claims.rails.credit import Credit, Crediting, Trigger, Trust, credit
from sonae.claims.rails.successor import Consent, Move, Row, Succession, handover
from sonae.core.canonical import canonical_bytes, number_text
from sonae.core.figure import Figure, Source
from sonae.core.text import Text
from sonae.rulebook.edition import Edition
from sonae.rulebook.rule import facts_from

CREDIT, HANDOVER = "sonae-credit/1", "sonae-payout-handover/1"
BREACH = "cash_trust_shortage"
_REQUIRED = Text("利用者区分管理必要額", "segregation requirement")
_PRINCIPAL = Text("信託財産の元本", "trust principal")
_TRUST = {"as_of": date, "required_jpy": int, "principal_jpy": int, "source": str}


class Credits(Way):
    """Yen as a balance with us; the money trust must grow by it, and a trigger event ends it."""

    columns = ("to",)
    route = "credit"

    def __init__(self, raw: Mapping[str, Any], file: Path) -> None:
        settings = Settings(raw, file)
        self.name = f"credit:{settings.take('name', str)}"
        self.trust = settings.table(settings.raw.pop("trust", None), _TRUST, "trust")
        given = [
            settings.table(t, {"kind": str, "on": date}, f"trigger.{n}")
            for n, t in enumerate(settings.take("trigger", list, []), 1)
        ]
        settings.done()
        self.as_of = self.trust["as_of"]
        self.triggers = [Trigger(t["kind"], t["on"]) for t in given]

    @classmethod
    def encode(cls, row: Mapping[str, str]) -> str:
        """The account with us that is credited."""
        return row["to"]

    def render(self, payments: Sequence[Pay], designated: date) -> bytes:
        """What our ledger is to post, once it may be.

        Raises:
            InputError: a trigger event, or what else keeps it from being credited.
        """
        self._credit(payments, designated, 0)
        rows = [
            {"reference": p.reference, "account": p.account, "amount": str(p.amount)}
            for p in sorted(payments)
        ]
        total = str(sum(p.amount for p in payments))
        about = {"format": CREDIT, "on": designated.isoformat(), "asset": "JPY", "total": total}
        return canonical_bytes({**about, "credits": rows})

    def told(self, payments: Sequence[Pay], designated: date, before: int) -> dict[str, Any]:
        """The requirement after, what must be added to the money trust, and by which day."""
        made = self._credit(payments, designated, before)
        figures = ("required_jpy", "earlier_jpy", "top_up_jpy", "due")
        found: dict[str, Any] = {k: _plain(getattr(made, k)) for k in figures}
        marks = {"confidence": made.top_up_jpy.confidence, "due_confidence": made.due.confidence}
        return {**found, **marks, "says": made.says}

    def recheck(self, payments: Sequence[Pay], day: date) -> None:
        """No trigger event until this day."""
        self._credit(payments, day, 0)

    def _credit(self, payments: Sequence[Pay], on: date, before: int) -> Crediting:
        rows = []
        for pay in payments:
            [account] = parts(pay, 1, "account with us")
            if pay.asset != "JPY":
                raise PaymentError(f"{pay.person}: only yen is credited, not {pay.asset}")
            rows.append(Credit(pay.reference, pay.person, account, pay.amount))
        source = Source(self.trust["source"], f"as of {self.trust['as_of']}", 1, "")
        required = self.trust["required_jpy"] + before
        trust = Trust(
            _yen(required, "required_jpy", _REQUIRED, source),
            _yen(self.trust["principal_jpy"], "principal_jpy", _PRINCIPAL, source),
            _due(on),
        )
        return credit(rows, on, trust, self.triggers)

    def settled(self, box: Path, name: str, payments: Sequence[Pay]) -> Settled:
        """Credits that the ledger posted to the account and in the amount of the file, once."""
        path = box / "in" / f"{name}.postings.csv"
        if not path.is_file():
            return Settled({}, [])
        given = {p.reference: (p.account, p.amount) for p in payments}
        done, look = dict[str, str](), list[Text]()
        for n, row in enumerate(read_rows(path, ("reference", "account", "amount", "posting")), 1):
            reference, posting = row["reference"], row["posting"]
            if given.get(reference) != (row["account"], whole(path, n, row["amount"])):
                look.append(ROW.format(name=name, n=n, what=_POSTED.format(reference=reference)))
            elif done.setdefault(reference, f"posting {posting}") != f"posting {posting}":
                look.append(ROW.format(name=name, n=n, what=_TWICE.format(reference=reference)))
        return Settled(done, look)


def _yen(value: int, name: str, label: Text, source: Source) -> Figure:
    return Figure(Fraction(value), "JPY", id=f"fact:{name}", label=label, source=source)


def _plain(figure: Figure) -> str:
    if not figure.computable:
        return "not_computable"
    value = figure.value
    return value.isoformat() if isinstance(value, date) else number_text(figure.number())


def _due(on: date) -> Figure:
    """The day by which the money trust must hold what a credit of this day asks for."""
    edition = Edition(on)
    rule = edition.rule("jp.crypto.cure_deadline")
    facts, _ = facts_from({"breach": BREACH, "arose_on": on.isoformat()}, rule)
    return edition.evaluate("jp.crypto.cure_deadline", facts)["due"]


class Successor(Way):
    """Balances to accounts at another exchange, each by consent or by a document of succession."""

    columns = ("asset", "target")
    optional = ("person", "consent_on", "document")
    coins = True
    route = ""

    def __init__(self, raw: Mapping[str, Any], file: Path) -> None:
        settings = Settings(raw, file)
        self.name = f"successor:{settings.take('name', str)}"
        settings.done()

    @classmethod
    def encode(cls, row: Mapping[str, str]) -> str:
        """Target, person (the account where none is named), and the basis."""
        on, document = row.get("consent_on", ""), row.get("document", "")
        basis = f"consent:{on}" if on else f"document:{document}" if document else ""
        return "|".join([row["target"], row.get("person") or row["account"], basis])

    def render(self, payments: Sequence[Pay], designated: date) -> bytes:
        """Lines with their references, and accounts and sums as the other exchange takes them."""
        rows = [Row(p.person, p.asset, p.amount) for p in payments]
        made = handover(rows, dict.fromkeys(map(_move, payments)))
        lines = [
            {
                "reference": p.reference,
                "account": p.person,
                "target": p.account.split("|")[0],
                "asset": p.asset,
                "amount": str(p.amount),
            }
            for p in sorted(payments)
        ]
        about = {"format": HANDOVER, "on": designated.isoformat(), "lines": lines}
        return canonical_bytes({**about, "handover": json.loads(made.content)})

    def settled(self, box: Path, name: str, payments: Sequence[Pay]) -> Settled:
        """All of a file, once both sides have the same sum of its asset, and it is the file's."""
        path = box / "in" / f"{name}.acknowledged.csv"
        if not path.is_file() or not payments:
            return Settled({}, [])
        [asset], total = {p.asset for p in payments}, sum(p.amount for p in payments)
        look, both = list[Text](), set[int]()
        for n, row in enumerate(read_rows(path, ("asset", "sent", "received")), 1):
            sides = {whole(path, n, row[k]) for k in ("sent", "received")}
            if row["asset"] != asset or sides != {total}:
                what = _SIDES.format(other=row["asset"], total=total, asset=asset, **_two(row))
                look.append(ROW.format(name=name, n=n, what=what))
            both |= sides
        if look or both != {total}:
            return Settled({}, look or [_NO_ROW.format(name=name)])
        return Settled({p.reference: f"acknowledged {total} {asset}" for p in payments}, [])


def _two(row: Mapping[str, str]) -> dict[str, str]:
    return {side: row[side] for side in ("sent", "received")}


_POSTED = Text(
    "{reference}の記帳がファイルの内容と違う", "{reference} is not posted as the file says"
)
_TWICE = Text("{reference}が二度記帳されている", "{reference} is posted twice")
_SIDES = Text(
    "{other}の送付{sent}、受領{received}。ファイルが引き渡すのは{total} {asset}",
    "{other} sent {sent}, received {received}; the file hands over {total} {asset}",
)
_NO_ROW = Text("{name}: 受領の確認に行がない", "{name}: the acknowledgement has no row")


def _move(pay: Pay) -> Move:
    target, person, basis = parts(pay, 3, "account at another exchange")
    kind, _, value = basis.partition(":")
    why: Consent | Succession | None = None
    if kind == "consent":
        try:
            why = Consent(date.fromisoformat(value))
        except ValueError as error:
            raise PaymentError(f"{pay.person}: {value!r} is no day of consent") from error
    elif kind == "document":
        why = Succession(value)
    return Move(pay.person, person, target, why)
