"""The year-end report on the reserve, from the fund's ledger and the close of the last day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sonae.actions.fund.session import looking
from sonae.actions.report.files import Files, Made, one_close
from sonae.core.calendar import add_months
from sonae.core.errors import Refused, UsageError
from sonae.core.text import Lang
from sonae.fund.entry import Seen
from sonae.report.closes import Kept
from sonae.report.filing import Money
from sonae.report.year_end import Balance, Movement, Year, year_end_document
from sonae.report.year_end_paper import year_end_paper
from sonae.store.ledger import Ledger

MONTHS = 12


def made_year_end(close: Path, store: str, head: int | None = None, grouped: bool = False) -> Made:
    """The report of the year that ends on the day of the close; nothing is written.

    Args:
        close: the close of the last day (`close.json` or its folder), made with `--fund`.
        store: where the fund's ledger is.
        head: the entry up to which the ledger is read, so that a later entry changes nothing.
        grouped: amounts by 万 and 億 on the Japanese page.

    Raises:
        UsageError: a what-if, or a ledger without a constitution.
        Refused: ledger and close are of two entities, or an account does not add up.
    """
    kept = one_close(close)
    if kept.document["what_if_on"]:
        raise UsageError(f"{close} is a what-if; give the close of the day under its own law")
    with looking(store) as ledger:
        year = _year(ledger, kept, head)
    if year.entity != kept.document["venue"]["entity"]:
        entity = kept.document["venue"]["entity"]
        raise Refused(f"the ledger is of {year.entity}, the close of {entity}: two legal entities")
    document = year_end_document(year, kept)
    paper = year_end_paper(document, kept, Money(grouped))
    return Made(document, paper, paper)


def report_year_end(
    close: Path,
    store: str,
    files: Files,
    lang: Lang,
    head: int | None = None,
    grouped: bool = False,
) -> dict[str, Any]:
    """Write the year-end report; what it says as plain values, and the files with digests."""
    return made_year_end(close, store, head, grouped).write(files, lang)


def _year(ledger: Ledger, kept: Kept, head: int | None) -> Year:
    view, constitution = ledger.view, ledger.view.constitution()
    if constitution is None:
        raise UsageError("the constitution of the fund is not approved; there is no year to report")
    last = kept.on
    first = add_months(last + timedelta(days=1), -MONTHS)
    before = (first - timedelta(days=1)).isoformat()
    entries = [e for e in ledger.entries() if head is None or e["seq"] <= head]
    if not entries or (head is not None and entries[-1]["seq"] != head):
        raise UsageError(f"the ledger has no entry {head}")
    known = entries[-1]["seq"]
    balances = [
        Balance(
            account,
            unit,
            view.balance(account, unit, before, known),
            view.balance(account, unit, last.isoformat(), known),
        )
        for account, unit in ledger.accounts()
    ]
    movements = list(_movements(ledger, entries, first, last))
    touched = {(a, u) for m in movements for a, u, _ in m.lines}
    return Year(
        first,
        last,
        constitution.entity,
        constitution.currency,
        constitution.reserve_class,
        constitution.units,
        (known, entries[-1]["hash"]),
        [b for b in balances if b.opening or b.closing or (b.account, b.unit) in touched],
        movements,
        _known_head(ledger, kept),
    )


def _movements(
    ledger: Ledger, entries: list[dict[str, Any]], first: date, last: date
) -> Iterator[Movement]:
    """Movements in effect about days of the year, in the order in which they took effect."""
    for entry in entries:
        if entry["effect"] != "posting":
            continue
        found = ledger.view.proposal(entry["subject"])
        assert found is not None
        act, on = found.act, date.fromisoformat(found.act.on)
        if first <= on <= last:
            lines = tuple((x.account, x.unit, x.amount) for x in act.lines)
            by = ledger.view.tally(found.seq).by
            yield Movement(found.seq, on, act.kind, act.by, tuple(by), act.content, lines)


def _known_head(ledger: Ledger, kept: Kept) -> bool:
    """Whether the ledger has every entry up to which the close read a ledger."""
    sources = [f.get("source") or {} for f in kept.document["figures"]]
    heads = {(s["rows"], s["digest"]) for s in sources if s.get("table") == "fund"}
    return all(ledger.contains(Seen(seq, digest)) for seq, digest in heads)
