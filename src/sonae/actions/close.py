"""Close a day: read, compute, write whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sonae.actions.files import Content, json_bytes, replace_folder
from sonae.actions.fund.close import CLOSE, reserve_of, unsigned
from sonae.actions.guard.notices import guard_findings
from sonae.actions.seal.build import Means
from sonae.actions.seal.folder import kept_files
from sonae.actions.seal.make import Made, Sealing, seal_day, seal_files, seal_view
from sonae.actions.work import Work, beside
from sonae.books.read import Examine, read_books
from sonae.close.day import Close, close_day
from sonae.close.document import document
from sonae.close.regimes import regime_problems
from sonae.core.canonical import digest
from sonae.core.errors import InputError, UsageError
from sonae.core.finding import Finding
from sonae.core.text import LANGS, Text
from sonae.policy.terms import policy_problems
from sonae.report.html import close_report, refusal_report
from sonae.rulebook.draft import load_draft
from sonae.rulebook.edition import Edition

Step = Callable[[Text], None]
EXAMINE: dict[str, Examine] = {"policies": policy_problems, "venue": regime_problems}
REFUSED = "refused.json"


@dataclass(frozen=True)
class Closed:
    """A finished close as its document, and the folder it was written to, if any."""

    document: dict[str, Any]
    folder: Path | None

    @property
    def clean(self) -> bool:
        """True without a finding of severity breach or warning."""
        return all(f["severity"] == "note" for f in self.document["findings"])


def close_books(
    folder: Path,
    assume: Sequence[str] = (),
    what_if_on: date | None = None,
    out: Path | None = None,
    engine: str = "duckdb",
    step: Step = lambda _: None,
    fund: Path | str | None = None,
    sealing: Sealing | None = None,
    guard: str | None = None,
    work: Work | None = None,
) -> Closed:
    """Close the Books in `folder`; with `out`, write `close.json` and the two reports there.

    With `fund`, the reserve is what its ledger says it holds. With `sealing`, the day is sealed as
    part of the close and the seal stands in `out/seal`. With `guard`, the record of a guard gives
    the breaks that are open. `work` says within which memory, and where what is finished is kept
    while it runs; without it, beside `out`.

    Raises:
        InputError: the books cannot be read; with `out`, a report of why is written and nothing
            else.
        UsageError: an unknown draft, or an `out` that holds something else.
        Refused: it would be sealed over a break that nobody owns.
    """
    check_out(out)
    if sealing is not None and work is not None:
        threads = work.threads or sealing.means.threads
        sealing = replace(sealing, means=Means(work.rest, threads, sealing.means.hashing))
    work = work or Work(folder=beside(out))
    try:
        with (
            closing(folder, assume, what_if_on, engine, step, fund, guard, work) as day,
            _sealed(day, sealing, step) as seal,
        ):
            files = dict[str, Content]()
            if sealing is not None and seal is not None and out is not None:
                kept = kept_files(out / "seal", seal.header)
                files = {**kept} or seal_files(day, seal, sealing)
            result = document(day, None if seal is None else seal_view(seal))
            if out is not None:
                step(Text("書き出す", "writing"))
                write_close(result, out, files)
    except InputError as error:
        if out is not None:
            write_refusal(error, out)
        raise
    return Closed(result, out)


@contextmanager
def _sealed(day: Close, how: Sealing | None, step: Step) -> Iterator[Made | None]:
    """The seal of a day, where one is wanted."""
    if how is None:
        yield None
        return
    unsigned({f.name for f in day.findings})
    step(Text("封緘する", "sealing"))
    with seal_day(day, how) as seal:
        yield seal


@contextmanager
def closing(
    folder: Path,
    assume: Sequence[str] = (),
    what_if_on: date | None = None,
    engine: str = "duckdb",
    step: Step = lambda _: None,
    fund: Path | str | None = None,
    guard: str | None = None,
    work: Work | None = None,
) -> Iterator[Close]:
    """The day closed, while its engine is open; `fund` and `guard` are stores."""
    drafts = tuple(load_draft(name) for name in dict.fromkeys(assume))
    with (work or Work()).running(engine) as running:
        books = read_books(folder, running, step, EXAMINE)
        edition = Edition(what_if_on or books.venue.on, drafts)
        reserve = None if fund is None else reserve_of(str(fund), books.venue.on)
        venue, more = books.venue, list[Finding]()
        if guard is not None:
            more = guard_findings(guard, venue.on, venue.known_at, ZoneInfo(venue.time_zone))
        day = close_day(books, edition, what_if_on, step, reserve, more)
        books.unchanged()
        yield day


def write_close(
    result: dict[str, Any], out: Path, seal: Mapping[str, Content] | None = None
) -> None:
    """Write the close and its reports in one step: a reader sees the old folder or the new one."""
    files: dict[str, Content] = {CLOSE: json_bytes(result)}
    files |= {f"seal/{name}": content for name, content in (seal or {}).items()}
    for lang in LANGS:
        files[f"report.{lang}.html"] = close_report(result, lang).encode()
    replace_folder(out, files, "private")


def write_refusal(error: InputError, out: Path) -> None:
    """Write why the books were refused; a former close in `out` is left as it was."""
    where = _refusal_folder(out)
    problems = [p.as_json() for p in error.problems]
    content = {"format": "sonae-refused/1", "problems": problems, "digest": digest(problems)}
    files = {REFUSED: json_bytes(content)}
    for lang in LANGS:
        files[f"refused.{lang}.html"] = refusal_report(problems, lang).encode()
    replace_folder(where, files)


def _refusal_folder(out: Path) -> Path:
    return out.with_name(out.name + ".refused") if (out / CLOSE).exists() else out


def check_out(out: Path | None) -> None:
    """Refuse an output folder, or one for a refusal, that holds anything but what we wrote."""
    if out is None:
        return
    if out.resolve() == Path.cwd():
        raise UsageError("--out must not be the working folder; name a folder inside it")
    for folder in {out, _refusal_folder(out)}:
        if folder.exists() and not (folder.is_dir() and _ours(folder)):
            raise UsageError(_HOLDS.format(folder=folder))


_HOLDS = Text(
    "{folder} には別のファイルがある。--out には新しいフォルダーか空のフォルダーを指定する",
    "{folder} holds other files; give a new or empty folder for --out",
)
REPORTS = {f"{n}.{lang}.html" for n in ("report", "refused") for lang in LANGS}
OURS = {CLOSE, REFUSED, "seal", *REPORTS}


def _ours(folder: Path) -> bool:
    return {p.name for p in folder.iterdir()} <= OURS
