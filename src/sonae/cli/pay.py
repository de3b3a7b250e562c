"""The commands of paying: plan, file, sign, release, hear, settle, count. Each person once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from sonae.cli.fund import DEFAULT, KeyFile, Store
from sonae.cli.main import FOUND, OK, Json, Language, day, language, out, pay, show, show_json
from sonae.core.errors import UsageError
from sonae.core.text import Lang, Text

if TYPE_CHECKING:
    from sonae.actions.pay.mailbox import Mailbox

Programme = Annotated[str, Parameter(name="PROGRAMME")]
Name = Annotated[str, Parameter(name="FILE")]
RailFile = Annotated[Path, Parameter(name="--rail", help="how it is paid: a way's settings (TOML)")]
Box = Annotated[Path, Parameter(name="--mailbox", help="the folder with `out` and `in`")]


@pay.command(name="open")
def pay_open(
    programme: Programme,
    *,
    pilot: int = 0,
    return_days: int = 3,
    store: Store = DEFAULT,
    json: Json = False,
) -> int:
    """Open a programme in the fund's store, or find the same one open.

    Parameters
    ----------
    programme
        Its name, the beginning of its files' names.
    pilot
        The first file has at most so many payments, and others wait for its answer.
    return_days
        Business days after which money that did not come back is settled.
    """
    from sonae.actions.pay.programme import open_programme
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        made = open_programme(payments, programme, pilot=pilot, return_days=return_days)
    return told({"programme": made.id, "pilot": pilot, "return_days": return_days}, json)


@pay.command(name="fund")
def pay_fund(
    programme: Programme,
    *,
    amount: int,
    source: str,
    key: KeyFile,
    asset: str = "JPY",
    store: Store = DEFAULT,
    json: Json = False,
) -> int:
    """Sign that money is there for a programme; it counts once a second person signed the same.

    Parameters
    ----------
    programme
        The programme.
    amount
        How much more is there, in the smallest unit; 0: what was confirmed is still there.
    source
        What says so: a letter, a statement, an entry of the reserve.
    """
    from sonae.actions.keys import load_key
    from sonae.actions.pay.fund import confirm_funding
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        made = confirm_funding(payments, programme, asset, amount, source, load_key(key))
    found = {"programme": programme, "asset": asset, "funded": str(made.funded)}
    return told({**found, **made.signed.as_json(), "lifted": list(made.lifted)}, json)


@pay.command(name="plan")
def pay_plan(
    programme: Programme,
    entitlements: Annotated[Path, Parameter(name="FROZEN")],
    *,
    accounts: Path,
    rail: Path | None = None,
    routed: Path | None = None,
    nature: str | None = None,
    confirmation: Path | None = None,
    tranche: int = 1,
    store: Store = DEFAULT,
    json: Json = False,
) -> int:
    """Plan what a frozen list says in money or coins; the same list again changes nothing.

    Parameters
    ----------
    programme
        The programme.
    entitlements
        The folder of `sonae claims freeze`.
    accounts
        Where to pay (CSV: account, and the columns of the way; account, bank, branch, kind,
        number, name_kana of banks).
    rail
        How it is to be paid: a way's settings (TOML); without it, by bank transfer.
    routed
        What `claims route --out` wrote: only what is routed this way is planned.
    nature
        What the payment is: damages_for_non_return, return_in_kind, transaction_loss or goodwill;
        without it, by what the way pays.
    confirmation
        The document by which the incident was confirmed, where the nature needs one.
    tranche
        Which part of the claim this pays; each is paid once.
    """
    from sonae.actions.pay.plan import plan_frozen, read_accounts
    from sonae.actions.pay.way_bank import Zengin
    from sonae.actions.pay.ways import read_way
    from sonae.store.payments import Payments

    way = Zengin if rail is None else read_way(rail)
    nature = nature or ("return_in_kind" if way.coins else "damages_for_non_return")
    with Payments(store) as payments:
        to = read_accounts(accounts, way)
        more: dict[str, Any] = {"way": way, "routed": _routed(routed, way)}
        about = (entitlements, to, nature, confirmation, tranche)
        found = plan_frozen(payments, programme, *about, **more)
    return told(found, json)


@pay.command(name="file")
def pay_file(
    programme: Programme,
    *,
    rail: RailFile,
    mailbox: Box,
    on: str,
    most: int = 50_000,
    asset: str = "JPY",
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Make a payout file of planned payments, to be signed by three people.

    What would cost more than it pays is held, and said. A credit says what the money trust needs.

    Parameters
    ----------
    programme
        The programme.
    on
        The day on which it is to be paid (YYYY-MM-DD).
    most
        At most so many payments.
    """
    from sonae.actions.pay.programme import make_file
    from sonae.actions.pay.ways import hold_waiting
    from sonae.actions.pay.ways import told as said_of
    from sonae.store.payments import Payments

    box = the_rail(mailbox, rail)
    with Payments(store) as payments:
        waits = hold_waiting(payments, programme, asset, box)
        made = make_file(payments, programme, asset, box, the_day(on), limit=most)
        if made is None:
            why = f": {len(waits)} wait, as their fee exceeds them" if waits else ""
            raise UsageError(f"nothing is planned in {programme}{why}")
        found = {"file": made.name, "sha256": made.sha256, "count": made.items}
        found |= {"total": str(made.total), **said_of(payments, made, box)}
    return told(found | ({"waits": waits} if waits else {}), json, language(lang))


@pay.command(name="sign")
def pay_sign(name: Name, *, key: KeyFile, store: Store = DEFAULT, json: Json = False) -> int:
    """Sign a payout file as the next of maker, checker and releaser.

    Parameters
    ----------
    name
        The file.
    """
    from sonae.actions.keys import load_key
    from sonae.actions.pay.sign import approve_file
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        person = approve_file(payments, name, load_key(key))
        roles = [a.role for a in payments.approvals(name)]
    return told({"file": name, "signed_by": person, "roles": roles}, json)


@pay.command(name="release")
def pay_release(
    name: Name,
    *,
    rail: RailFile,
    mailbox: Box,
    content: Path | None = None,
    store: Store = DEFAULT,
    json: Json = False,
) -> int:
    """Release a signed file once: it goes into the mailbox, and is unknown until it is answered.

    Parameters
    ----------
    name
        The file.
    content
        What is to be uploaded, where it is not taken from the store; it must be what was signed.
    """
    from sonae.actions.pay.release import release
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        given = payments.file(name).content if content is None else content.read_bytes()
        made = release(payments, name, given, the_rail(mailbox, rail))
    return told({"file": name, "state": made.state, "sha256": made.sha256}, json)


@pay.command(name="answers")
def pay_answers(
    *,
    rail: RailFile,
    mailbox: Box,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Hear what is said of files that are out, of money that came back, and of what is settled.

    Nothing is sent. Ends with 1 where a person must look at something.
    """
    from sonae.actions.pay.match import open_returns
    from sonae.actions.pay.release import resume
    from sonae.actions.pay.returns import take_returns
    from sonae.actions.pay.settled import take_settled
    from sonae.store.payments import Payments

    box = the_rail(mailbox, rail)
    with Payments(store) as payments:
        heard, taken = resume(payments, box), take_returns(payments, box)
        proved, unfit = take_settled(payments, box), open_returns(payments, box)
    look = [*heard.differs, *taken.strange, *box.odd(), *proved.look]
    found = {k: getattr(heard, k) for k in ("accepted", "absent", "open")}
    found |= {"returned": taken.returned, "back": taken.back, "settled": proved.settled}
    said = {"look_at": look, "unfit": unfit if json else [_unfit(u) for u in unfit]}
    told(found | said, json, language(lang))
    return FOUND if look or unfit else OK


@pay.command(name="again")
def pay_again(references: list[str], *, store: Store = DEFAULT, json: Json = False) -> int:
    """Plan payments again whose money is back.

    Parameters
    ----------

    References:
        Their references.
    """
    from sonae.actions.pay.programme import plan_again
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        made = plan_again(payments, references)
    return told({"planned": made}, json)


@pay.command(name="settle")
def pay_settle(*, on: str, store: Store = DEFAULT, json: Json = False) -> int:
    """Settle what a bank can no longer send back; hear its answers first.

    Parameters
    ----------
    on
        The day it is (YYYY-MM-DD).
    """
    from sonae.actions.pay.returns import settle
    from sonae.rulebook.calendars import CALENDARS
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        settled = settle(payments, the_day(on), CALENDARS["jp.bank"])
    return told({"settled": settled}, json)


@pay.command(name="counters")
def pay_counters(
    programme: Programme,
    *,
    smallest: int = 0,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """What is owed, paid, on its way, held and disputed: adds up to the unit.

    Parameters
    ----------
    programme
        The programme.
    smallest
        Fit to be published: what concerns fewer people is withheld, and cannot be worked out.
    """
    from sonae.actions.pay.counters import counted
    from sonae.report.claims import counters_table
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        found = counted(payments, programme, smallest)
    if json:
        show_json(found)
    else:
        show(counters_table(found, language(lang)))
    return OK


@pay.command(name="statement")
def pay_statement(
    programme: Programme,
    entitlements: Annotated[Path, Parameter(name="FROZEN")],
    *,
    year: int,
    nature: str = "damages_for_non_return",
    person: str | None = None,
    out_dir: Annotated[Path | None, Parameter(name="--out")] = None,
    store: Store = DEFAULT,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Statements of a year's settled payments for the tax office: coin, quantity, price, date.

    Parameters
    ----------
    programme
        The programme that paid.
    entitlements
        The frozen list that it paid.
    year
        The year of the days of payment.
    nature
        What the payments were, as they were planned.
    person
        One person's statement instead of a summary.
    out_dir
        Where the table of all goes; personal data, into `private`.
    """
    from sonae.actions.pay.statement import year_statements
    from sonae.report.claims import tax_statement
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        found = year_statements(payments, programme, entitlements, year, nature, out_dir)
    if person is not None and person not in found:
        raise UsageError(f"nothing was settled for {person} in {year}")
    if json:
        show_json(found if person is None else found[person])
    elif person is not None:
        show(tax_statement(found[person], language(lang)))
    else:
        out(f"{len(found)}" + (f"  → {out_dir}" if out_dir else ""))
    return OK


@pay.command(name="notice")
def pay_notice(
    reference: Annotated[str, Parameter(name="REFERENCE")],
    *,
    firm: str,
    to: str,
    number: str,
    on: str,
    entitlements: Annotated[Path | None, Parameter(name="--list")] = None,
    store: Store = DEFAULT,
    lang: Language = None,
) -> int:
    """The notice of a payment as it stands, without a single link.

    Parameters
    ----------
    reference
        The payment.
    firm
        Who writes.
    to
        To whom.
    number
        The notice's own number.
    on
        Its day (YYYY-MM-DD).
    entitlements
        The frozen list that it pays, which says how it ends the debt; needed for coins.
    """
    from sonae.actions.pay.statement import notice_of
    from sonae.store.payments import Payments

    with Payments(store) as payments:
        about = (firm, to, number, the_day(on), language(lang), entitlements)
        out(notice_of(payments, reference, *about))
    return OK


def _unfit(found: dict[str, Any]) -> Text:
    what = "{return}: {name} {amount}".format_map(found)
    if not (may_be := ", ".join(c["payment"] for c in found["candidates"])):
        return Text(f"{what} 当てはまる支払なし", f"{what} fits no payment")
    return Text(f"{what} 候補の支払: {may_be}", f"{what} may be {may_be}")


def _routed(file: Path | None, way: Any) -> dict[tuple[str, str], int] | None:
    from sonae.actions.pay.route import read_routed

    if file is None:
        return None
    if not way.route:
        raise UsageError("no route leads to this way; leave out --routed")
    return read_routed(file, way.route, coins=way.coins)


def the_rail(mailbox: Path, file: Path) -> Mailbox:
    """A way to pay behind a folder."""
    from sonae.actions.pay.mailbox import Mailbox
    from sonae.actions.pay.ways import read_way

    return Mailbox(mailbox, read_way(file))


def the_day(text: str) -> date:
    """A day that must be given."""
    found = day(text)
    assert found is not None
    return found


def told(found: dict[str, Any], json: bool, lang: Lang = "en") -> int:
    """Show what was done: one JSON document, or a line for each value, texts in a language."""
    if json:
        show_json(_plain(found, lambda text: text.as_json()))
    else:
        words = _plain(found, lambda text: text.lang(lang))
        out("\n".join(f"{k}: {v}" for k, v in words.items()))
    return OK


def _plain(value: Any, say: Callable[[Text], Any]) -> Any:
    """With each text as it is said."""
    if isinstance(value, Mapping):
        return {k: _plain(v, say) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v, say) for v in value]
    return say(value) if isinstance(value, Text) else value
