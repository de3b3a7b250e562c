"""`sonae report`: what is signed, filed or sent, as PDF/A and as a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from sonae.cli.main import (
    FOUND,
    OK,
    Json,
    Language,
    day,
    language,
    out,
    report,
    show,
    show_json,
)
from sonae.core.errors import UsageError
from sonae.core.text import Lang

Out = Annotated[Path | None, Parameter(name="--out", help="the report as PDF/A")]
Xlsx = Annotated[Path | None, Parameter(name="--xlsx", help="the same as a workbook")]
Oku = Annotated[
    bool, Parameter(name="--oku", negative="", help="yen by 万 and 億 on the Japanese page")
]


def _files(pdf: Path | None, xlsx: Path | None, json: bool) -> Any:
    from sonae.actions.report.files import Files

    if pdf is None and xlsx is None and not json:
        raise UsageError("name a file: --out FILE.pdf or --xlsx FILE.xlsx (or --json)")
    return Files(pdf, xlsx)


def _tell(found: dict[str, Any], json: bool, lang: Lang) -> None:
    from sonae.report.filing_view import report_view

    if json:
        show_json(found)
        return
    show(report_view(found, lang))
    out("\n".join(f"→ {f['file']}" for f in found["files"].values()))


@report.command(name="close")
def report_close(
    close: Annotated[Path, Parameter(name="CLOSE")],
    *,
    pdf: Out = None,
    xlsx: Xlsx = None,
    oku: Oku = False,
    lang: Language = None,
    json: Json = False,
) -> int:
    """The daily close as a statement to sign: requirement, cover, hot share, findings, sources.

    Parameters
    ----------
    close
        close.json, or the folder that `sonae close --out` wrote.
    """
    from sonae.actions.report.close import report_close

    words = language(lang)
    found = report_close(close, _files(pdf, xlsx, json), words, oku)
    _tell(found, json, words)
    return FOUND if found["counts"]["breach"] or found["counts"]["warning"] else OK


@report.command(name="quarter")
def report_quarter(
    folder: Annotated[Path, Parameter(name="CLOSES")],
    *,
    last: Annotated[str, Parameter(name="--to")],
    attach: Annotated[list[str] | None, Parameter(name="--attach", negative="")] = None,
    pdf: Out = None,
    xlsx: Xlsx = None,
    oku: Oku = False,
    lang: Language = None,
    json: Json = False,
) -> int:
    """The quarterly report on users' property: highs, lows, quarter-end, breaks, days, attachments.

    Parameters
    ----------
    folder
        A folder with closes at any depth, each as `sonae close --out` wrote it.
    last
        The last day of the quarter (YYYY-MM-DD); it begins three months before.
    attach
        KIND=FILE, may be repeated: financials, trust_certificate, customer_coins, guarantee_coins,
        segregation_audit, guarantee_audit. Listed by digest; what is not given is named as missing.
    """
    from sonae.actions.report.quarter import read_attachments, report_quarter

    words, to = language(lang), day(last)
    assert to is not None
    given = read_attachments(attach or ())
    found = report_quarter(folder, to, _files(pdf, xlsx, json), words, given, oku)
    _tell(found, json, words)
    return FOUND if found["open"] or any(f["at_end"] for f in found["findings"]) else OK


@report.command(name="exposure")
def report_exposure(
    closes: Annotated[Path, Parameter(name="CLOSES")],
    *,
    first: Annotated[str | None, Parameter(name="--from")] = None,
    last: Annotated[str | None, Parameter(name="--to")] = None,
    pdf: Out = None,
    xlsx: Xlsx = None,
    oku: Oku = False,
    lang: Language = None,
    json: Json = False,
) -> int:
    """The insurer's exposure list: per day, wallet tier and signing domain; no personal data.

    Parameters
    ----------
    closes
        A close, or a folder with closes at any depth.
    first
        The first day (YYYY-MM-DD); without it the first closed day.
    last
        The last day (YYYY-MM-DD); without it the last closed day.
    """
    from sonae.actions.report.exposure import report_exposure

    words, files = language(lang), _files(pdf, xlsx, json)
    found = report_exposure(closes, files, words, day(first), day(last), oku)
    _tell(found, json, words)
    return FOUND if found["open"] else OK


@report.command(name="year-end")
def report_year_end(
    close: Annotated[Path, Parameter(name="CLOSE")],
    *,
    store: str,
    head: int | None = None,
    pdf: Out = None,
    xlsx: Xlsx = None,
    oku: Oku = False,
    lang: Language = None,
    json: Json = False,
) -> int:
    """The reserve over a fiscal year: opening, contributions, uses with basis, accruals, closing.

    Parameters
    ----------
    close
        The close of the year's last day, made with --fund: close.json or its folder.
    store
        Where the fund's ledger is: a SQLite file or a PostgreSQL URL.
    head
        The entry up to which the ledger is read; without it the last one.
    """
    from sonae.actions.report.year_end import report_year_end

    words = language(lang)
    found = report_year_end(close, store, _files(pdf, xlsx, json), words, head, oku)
    _tell(found, json, words)
    return FOUND if found["open"] else OK
