"""`sonae`: exit codes 0 no breach or warning, 1 a finding or failed check, 2 usage, 3 refused."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from inspect import signature
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Parameter
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from sonae import __version__
from sonae.core.errors import NOT_UTF8, InputError, Refused, SonaeError
from sonae.core.text import Lang, Text

OK, FOUND, USAGE, REFUSED = 0, 1, 2, 3
app = App(name="sonae", version=__version__, help="Reserve engine of a crypto-asset exchange.")


def _group(name: str, says: str, under: App = app) -> App:
    """A group of commands."""
    found = App(name=name, help=says)
    under.command(found)
    return found


books = _group("books", "The input tables.")
prices = _group("prices", "Prices with where they come from; by hand, two people.", books)
wallet = _group("wallet", "Balances off the firm's own nodes, and proof of control.")
rules = _group("rules", "The law as dated, cited, executable rules.")
fund = _group("fund", "The reserve fund: a ledger of signed entries, two people for each.")
seal = _group("seal", "Seals: what is owed, for each customer to check.")
guard = _group("guard", "Between closes: credits asked about first, totals each minute.")
incident = _group("incident", "A loss: its clocks, who bears it, the refill.")
claims = _group("claims", "From a loss to paid customers.")
pay = _group("pay", "Pay each person once: files three people sign, and what came of them.", claims)
pack = _group("pack", "The resolution pack: all that is needed without the firm, in one file.")
pack_keys = _group("keys", "An administrator's key in shares: make, check, rotate, due.", pack)
estate = _group("estate", "When the firm is gone: take over, share what there is.")
loss = _group("loss", "Losses that may happen: estimates with their errors.")
report = _group("report", "What is signed, filed or sent: PDF/A and workbooks.")
console = _group("console", "The folder of the console: back-up and the way back.")
survey = _group("survey", "What the public record lacks, firm by firm, in confidence.")

Json = Annotated[bool, Parameter(name="--json", negative="", help="print one JSON document")]
Assume = Annotated[
    list[str] | None,
    Parameter(name="--assume", negative="", help="a draft by name or file; may be repeated"),
]
EngineName = Annotated[
    str, Parameter(name="--engine", help="where set-based work runs: duckdb or spark")
]
Master = Annotated[
    str | None,
    Parameter(name="--spark-master", help="the URL of Spark's master; else it runs here"),
]
Language = Annotated[Lang | None, Parameter(name="--lang", help="ja or en")]
Memory = Annotated[
    str | None,
    Parameter(name="--memory", help="how much it may take, as 4GB; 2400MB unless said"),
]
WorkFolder = Annotated[
    Path | None,
    Parameter(name="--work", help="where finished stages outlast a kill; beside --out unless said"),
]


def language(lang: Lang | None) -> Lang:
    """The given language, else Japanese in a Japanese locale, else English."""
    if lang is not None:
        return lang
    names = (os.environ.get(k, "") for k in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "ja" if next((n for n in names if n), "").startswith("ja") else "en"


def out(text: str) -> None:
    """Plain text on standard output, whatever its encoding can take."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """A remark beside the result, on standard error."""
    sys.stderr.write(f"! {text}\n")


def show_json(value: Any) -> None:
    """One JSON document on standard output."""
    out(json.dumps(value, ensure_ascii=False, indent=1))


def show(view: Any) -> None:
    """A view for people; as wide as needed where the output is not a terminal."""
    wide = None if sys.stdout.isatty() else 200
    Console(width=wide, highlight=False, soft_wrap=not sys.stdout.isatty()).print(view)


@dataclass(frozen=True)
class Bar:
    """A progress bar: move on by a step with a name, or to a share of long work."""

    bar: Progress
    task: TaskID
    lang: Lang

    def step(self, text: Text) -> None:
        """The next step begins."""
        self.bar.update(self.task, advance=1, description=text.lang(self.lang))

    def at(self, done: int, total: int) -> None:
        """So much of the whole is done."""
        self.bar.update(self.task, completed=done, total=total)


@contextmanager
def progress(lang: Lang, steps: int) -> Iterator[Bar]:
    """A bar on standard error; silent where nobody looks."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        yield Bar(bar, bar.add_task("", total=steps), lang)


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; errors for callers become one clear line."""
    import sonae.cli.books
    import sonae.cli.claims
    import sonae.cli.claims_page
    import sonae.cli.commands
    import sonae.cli.console
    import sonae.cli.estate
    import sonae.cli.estate_takeover
    import sonae.cli.fund
    import sonae.cli.fund_look
    import sonae.cli.guard
    import sonae.cli.level
    import sonae.cli.loss
    import sonae.cli.loss_model
    import sonae.cli.pack
    import sonae.cli.pay
    import sonae.cli.pay_cases
    import sonae.cli.pay_rails
    import sonae.cli.pay_unclaimed
    import sonae.cli.prices
    import sonae.cli.report
    import sonae.cli.rules
    import sonae.cli.seal
    import sonae.cli.serve
    import sonae.cli.wallet  # noqa: F401

    lang = _asked(arguments)
    try:
        arguments = _taken(arguments)
        return (
            app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
            or OK
        )
    except InputError as error:
        _refusal(error, "--json" in arguments, lang)
        return REFUSED
    except Refused as error:
        head = {"ja": "受け付けられません", "en": "refused"}[lang]
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        console.print(f"[bold red]{head}[/]: {escape(error.text.lang(lang))}")
        return REFUSED
    except (SonaeError, CycloptsError) as error:
        Console(stderr=True, soft_wrap=True).print(
            error.text.lang(lang) if isinstance(error, SonaeError) else str(error),
            style="red",
            highlight=False,
            markup=False,
        )
        return USAGE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except (OSError, UnicodeDecodeError) as error:
        said = _file_words(error, lang)
        Console(stderr=True, soft_wrap=True).print(said, style="red", markup=False)
        return REFUSED


def _file_words(error: OSError | UnicodeDecodeError, lang: Lang) -> str:
    """What the system says of a file, or that one is not UTF-8."""
    if isinstance(error, UnicodeDecodeError):
        return NOT_UTF8.lang(lang)
    return f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")


def _asked(arguments: list[str]) -> Lang:
    """The language that `--lang` asks for, else the locale's: what is refused is told in it too."""
    for n, word in enumerate(arguments):
        name, _, value = word.partition("=")
        if name == "--lang":
            value = value or "".join(arguments[n + 1 : n + 2])
            return language("ja" if value == "ja" else "en" if value == "en" else None)
    return language(None)


def _taken(arguments: list[str]) -> list[str]:
    """The arguments without `--lang` where a command prints the same in both languages.

    What it refuses is told in that language all the same.
    """
    command = app.parse_commands(arguments)[1][-1].default_command
    if command is None or "lang" in signature(command).parameters:
        return arguments
    kept, words = list[str](), iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name != "--lang":
            kept.append(word)
        elif (value if equals else next(words, "")) not in ("ja", "en"):
            return arguments
    return kept


def _refusal(error: InputError, as_json: bool, lang: Lang) -> None:
    from sonae.report.terminal import refusal

    problems = [p.as_json() for p in error.problems]
    if as_json:
        show_json({"format": "sonae-refused/1", "problems": problems})
    else:
        Console(stderr=True, soft_wrap=True, highlight=False).print(refusal(problems, lang))


def day(text: str | None) -> date | None:
    """A date option."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        said = Text(f"「{text}」は日付（YYYY-MM-DD）でない", f"{text!r} is not a date (YYYY-MM-DD)")
        raise SonaeError(said) from error
