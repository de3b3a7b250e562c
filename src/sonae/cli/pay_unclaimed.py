"""Commands for what nobody claims: what was tried, the legal basis, the deposit; all signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from sonae.cli.fund import DEFAULT, KeyFile, Store
from sonae.cli.main import FOUND, OK, Json, Language, language, pay
from sonae.cli.pay import the_day, told
from sonae.core.errors import UsageError

Reference = Annotated[str, Parameter(name="PAYMENT")]
unclaimed = App(name="unclaimed", help="What nobody claims: tried, moved on a basis, deposited.")
pay.command(unclaimed)


@unclaimed.command(name="record")
def unclaimed_record(
    reference: Reference,
    record: Annotated[Path, Parameter(name="RECORD.toml")],
    *,
    key: KeyFile,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Sign what was done to reach a person; the newest record stands.

    Parameters
    ----------
    reference
        The payment.
    record
        [[attempt]], ground, office, cost, cost_borne_by, time_bar, and for coins [sale] and scale.
    """
    from sonae.actions.keys import load_key
    from sonae.actions.pay.unclaimed import read_record, record_unclaimed
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        found = record_unclaimed(payments, reference, read_record(record), load_key(key))
    return _unclaimed(found, lang, json)


@unclaimed.command(name="ready")
def unclaimed_ready(
    reference: Reference,
    *,
    basis: Path | None = None,
    key: KeyFile | None = None,
    on: str | None = None,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Say what is lacking; with a basis and a key, sign that it is unclaimed: two people.

    Ends with 1 where something is lacking.

    Parameters
    ----------
    reference
        The payment.
    basis
        The document of the legal basis; its digest is signed.
    on
        The day it is (YYYY-MM-DD), where nothing is signed.
    """
    from sonae.actions.fund.session import utc_now
    from sonae.actions.keys import load_key
    from sonae.actions.pay.unclaimed import look, ready_unclaimed
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        if basis is None:
            day = the_day(on) if on else utc_now().date()
            return _unclaimed(look(payments, reference, day), lang, json)
        if key is None:
            raise UsageError("a basis is signed: --key is needed")
        signed = ready_unclaimed(payments, reference, basis.read_bytes(), load_key(key))
    return told({"payment": reference, "unclaimed": signed.done, **signed.as_json()}, json)


@unclaimed.command(name="deposit")
def unclaimed_deposit(
    reference: Reference,
    *,
    number: str,
    on: str,
    amount: int,
    key: KeyFile,
    store: Store = DEFAULT,
    json: Json = False,
) -> int:
    """Sign that yen were deposited, once a second person signed the same; the claim stays.

    Parameters
    ----------
    reference
        The payment.
    number
        The deposit's number at the office.
    on
        The day of the deposit (YYYY-MM-DD).
    amount
        Yen; costs are not taken off.
    """
    from sonae.actions.keys import load_key
    from sonae.actions.pay.unclaimed import Deposit, deposit_unclaimed
    from sonae.store.payments import Payments

    made = Deposit(number, the_day(on), amount)
    with Payments(store) as payments:
        signed = deposit_unclaimed(payments, reference, made, load_key(key))
    return told({"payment": reference, "deposited": signed.done, **signed.as_json()}, json)


def _unclaimed(found: dict[str, Any], lang: Language, json: bool) -> int:
    shown = dict(found)
    if not json:
        at = language(lang)
        shown["lacking"] = "; ".join(t[at] for t in found["lacking"])
        shown["ground"] = found["ground"][at] if found["ground"] else ""
    told(shown, json)
    return OK if found["may_be_deposited"] else FOUND
