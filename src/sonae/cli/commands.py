"""The commands. Each parses its options, calls one action and shows the result."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from sonae.cli.main import (
    FOUND,
    OK,
    REFUSED,
    Assume,
    Bar,
    EngineName,
    Json,
    Language,
    Master,
    Memory,
    WorkFolder,
    app,
    books,
    day,
    language,
    note,
    out,
    progress,
    show,
    show_json,
)
from sonae.core.errors import UsageError
from sonae.core.text import Lang

CLOSE_STEPS = 7
_FUND = Parameter(help="the store of the reserve ledger: the reserve is then what it holds")
_GUARD = Parameter(help="the store of the guard: its open breaks are findings of the close")
_SEAL = Parameter(help="the operator's seal key: seals what is owed, into `seal` below --out")
_AFTER = Parameter(help="the folder of the seal, or of the close, before this one")
_ESCROW = Parameter(help="a file of age recipients who can open the key of the day")
_PACK = Parameter(help="RECIPIENTS.toml: a pack is made too, beside --out, signed by the seal key")
_AT_ONCE = Parameter(help="of a group, how many are closed at a time; they share the memory")


@app.command
def close(
    folder: Annotated[Path, Parameter(name="BOOKS")],
    *,
    assume: Assume = None,
    what_if_on: str | None = None,
    out_dir: Annotated[Path | None, Parameter(name="--out")] = None,
    engine: EngineName = "duckdb",
    spark_master: Master = None,
    fund: Annotated[str | None, _FUND] = None,
    guard: Annotated[str | None, _GUARD] = None,
    seal_key: Annotated[Path | None, _SEAL] = None,
    seal_after: Annotated[Path | None, _AFTER] = None,
    escrow: Annotated[Path | None, _ESCROW] = None,
    pack: Annotated[Path | None, _PACK] = None,
    memory: Memory = None,
    work: WorkFolder = None,
    at_once: Annotated[int, _AT_ONCE] = 1,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Close one entity's day: reconcile, value, require, cover; with --seal-key also seal it.

    A folder of Books is a group: each entity is closed by itself, nothing is netted.

    Parameters
    ----------
    folder
        A folder of input tables, or of such folders.
    what_if_on
        Apply the law of another day (YYYY-MM-DD); the result is a what-if.
    out_dir
        Where close.json and the reports go.
    """
    from sonae.actions.close import close_books
    from sonae.actions.group.run import is_group
    from sonae.actions.work import Work
    from sonae.books.engine import engine_at
    from sonae.report.pack import made_view
    from sonae.report.terminal import summary

    words, room = language(lang), Work.of(memory, work, out_dir)
    engine = engine_at(engine, spark_master)
    if is_group(folder):
        law = (tuple(assume or ()), day(what_if_on), engine)
        own = any((fund, guard, seal_key, seal_after, escrow, pack))
        return _close_group(folder, law, own, out_dir, at_once, room, words, json)
    if seal_key is None and pack:
        raise UsageError("--pack needs --seal-key")
    how = _sealed(seal_key, seal_after, escrow, out_dir is not None and not what_if_on)
    with progress(words, CLOSE_STEPS) as bar:
        on, known = day(what_if_on), assume or ()
        closed = close_books(folder, known, on, out_dir, engine, bar.step, fund, how, guard, room)
        found = _pack_of(folder, out_dir, pack, seal_key, bar, memory)
    left = (closed.document["seal"] or {}).get("not_sealed", ())
    show_json(closed.document) if json else show(summary(closed.document, words))
    if out_dir is not None and not json:
        out(f"→ {out_dir / f'report.{words}.html'}")
    if found and not json:
        show(made_view(found, words))
    return OK if closed.clean and not left and _complete(found) else FOUND


def _close_group(
    folder: Path,
    law: tuple[Any, ...],
    own: bool,
    out_dir: Path | None,
    at_once: int,
    room: Any,
    words: Lang,
    json: bool,
) -> int:
    """A group: 3 where an entity was not closed, 1 where one has a breach or warning."""
    from sonae.actions.group.run import Asked, close_group, entities
    from sonae.report.group import overview_view

    if own:
        raise UsageError(
            "a group has no ledger, guard, seal or pack; close each entity with its own"
        )

    with progress(words, len(entities(folder))) as bar:
        document = close_group(folder, Asked(*law), out_dir, at_once, room, bar.step)
    show_json(document) if json else show(overview_view(document, words))
    if out_dir is not None and not json:
        out(f"→ {out_dir / f'overview.{words}.html'}")
    if document["states"].keys() - {"closed"}:
        return REFUSED
    return FOUND if any(e["to_act_on"] for e in document["entities"]) else OK


def _sealed(key: Path | None, after: Path | None, escrow: Path | None, may_be: bool) -> Any:
    """How a close is sealed, where it is; a seal needs a folder and no what-if."""
    from sonae.actions.seal.make import sealing

    if key is None and (after or escrow):
        raise UsageError("--seal-after and --escrow need --seal-key")
    if key is not None and not may_be:
        raise UsageError("a seal needs --out, and is not made of a what-if")
    return None if key is None else sealing(key, after, escrow=escrow)


def _pack_of(
    folder: Path,
    close: Path | None,
    to: Path | None,
    key: Path | None,
    bar: Bar,
    memory: str | None,
) -> Any:
    """The pack of a close, where one is wanted."""
    if to is None or close is None or key is None:
        return None
    from sonae.actions.pack.make import pack_of_close
    from sonae.actions.work import Work

    room = Work.of(memory, None, close.with_name(f"{close.name}.pack"))
    return pack_of_close(folder, close, to, key, bar.step, room)


def _complete(pack: Any) -> bool:
    return pack is None or all(f["severity"] == "note" for f in pack["findings"])


@app.command
def explain(
    name: Annotated[str, Parameter(name="RULE")],
    *,
    close: Path | None = None,
    given: str | None = None,
    on: str | None = None,
    row: str | None = None,
    assume: Assume = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Why a number is what it is: down to parameters, the law's words and source digests.

    Parameters
    ----------
    name
        A rule, a rule#output, or any figure id of a close.
    close
        A close.json, or the folder that holds it.
    given
        Facts as JSON, with --on, instead of a close.
    on
        The day that picks the law (YYYY-MM-DD).
    row
        A row of a table output.
    """
    from sonae.actions.explain import from_close, from_given, picked
    from sonae.report.tree import tree

    if (close is None) == (given is None):
        raise UsageError("give either --close FILE or --given JSON with --on DATE")
    if close is not None:
        figures, citations = from_close(close)
    else:
        date = day(on)
        if given is None or date is None:
            raise UsageError("--given needs --on DATE")
        figures, citations, unknown = from_given(name, given, date, assume or ())
        for key in unknown:
            note(f"{key}: {name.partition('#')[0]} does not know this fact")
    ids = picked(figures, name, row)
    if json:
        show_json(_below(figures, citations, ids))
        return OK
    out(tree(figures, citations, ids, language(lang)))
    return OK


def _below(figures: Any, citations: Any, ids: list[str]) -> dict[str, Any]:
    """The asked figures and everything under them."""
    wanted: dict[str, Any] = {}

    def add(id: str) -> None:
        if id not in wanted:
            wanted[id] = figures[id]
            for child in figures[id]["from"]:
                add(child)

    for id in ids:
        add(id)
    keys = {k for f in wanted.values() for k in f["cites"]}
    return {"asked": ids, "figures": wanted, "citations": {k: citations[k] for k in sorted(keys)}}


@app.command
def sample(
    folder: Annotated[Path, Parameter(name="DIR")],
    *,
    accounts: int,
    assets: int = 12,
    seed: int = 7,
    plant: Annotated[list[str] | None, Parameter(negative="")] = None,
    rows_per_account: int | None = None,
    regime: Annotated[list[str] | None, Parameter(negative="")] = None,
    lang: Language = None,
) -> int:
    """Write synthetic books of any size, with named faults if asked.

    Parameters
    ----------
    folder
        A new folder.
    accounts
        How many accounts.
    assets
        How many assets, 1 to 40.
    seed
        The same seed gives the same bytes.
    plant
        A fault by name; may be repeated.
    rows_per_account
        Exactly so many balance rows per account (for benchmarks).
    regime
        jp, eu, hk or kr; may be repeated. Without it the venue is under jp.
    """
    from sonae.books.sample import write_sample

    with progress(language(lang), accounts) as bar:
        under = regime or ("jp",)
        write_sample(folder, accounts, assets, seed, plant or (), rows_per_account, bar.at, under)
    out(f"→ {folder}")
    return OK


Story = Literal["close", "incident", "estate", "guard", "chains"]


@app.command
def demo(
    story: Annotated[Story, Parameter(name="STORY")] = "close",
    *,
    out_dir: Annotated[Path, Parameter(name="--out")] = Path("out/demo"),
    lang: Language = None,
    json: Json = False,
) -> int:
    """Real cases: exchanges closed, incidents replayed, failed exchanges, a phantom credit.

    Parameters
    ----------
    story
        close: Coincheck, DMM Bitcoin, FTX Japan; incident: Coincheck 2018, DMM
        Bitcoin 2024, Zaif 2018, Bithumb 2026; estate: FTX Japan 2022, one coin short,
        management gone; guard: the phantom credit of 2026, refused, and found where
        nobody asked; chains: two real nodes on this machine.
    out_dir
        Where the reports go.
    """
    if story == "incident":
        return _demo_incident(out_dir / "incident", lang, json)
    if story == "guard":
        return _demo_guard(out_dir, lang, json)
    if story == "chains":
        from sonae.cli.wallet import demo_chains

        return demo_chains(out_dir / "chains", lang, json)
    if story == "estate":
        return _demo_estate(out_dir / "estate", lang, json)
    from sonae.actions.demo.close import demo as run_demo
    from sonae.report.terminal import loss, summary

    words = language(lang)
    with progress(words, CLOSE_STEPS * 3) as bar:
        closed = run_demo(out_dir, bar.step)
    for result in closed.values():
        show(summary(result.document, words))
        page = loss(result.document, words)
        if page is not None:
            show(page)
        out("")
    for name in closed:
        out(f"→ {out_dir / name / f'report.{words}.html'}")
    hint = {"ja": "同じ事業者を画面で見る", "en": "the same firms on screen"}[words]
    out(f"→ sonae serve --demo  ({hint})")
    return OK


def _demo_incident(out_dir: Path, lang: Language, json: bool) -> int:
    """Replay the shipped incidents."""
    from sonae.actions.demo.incident import replay
    from sonae.report.incident import incident_view, replay_counters, valuation_view

    words = language(lang)
    with progress(words, 7) as bar:
        found = replay(out_dir, bar.step)
    if json:
        show_json(found)
        return OK
    for document in found["incidents"].values():
        show(incident_view(document, words))
        out("")
    for valued in (found["valuation"], *found["more_valuations"].values()):
        show(valuation_view(valued, words))
    show(replay_counters(found["counters"], words))
    out(f"→ {out_dir}")
    return OK


def _demo_guard(out_dir: Path, lang: Language, json: bool) -> int:
    """Replay the phantom credit against the real service on the loopback address."""
    from sonae.actions.demo.guard import replay
    from sonae.report.guard import story_view

    words = language(lang)
    with progress(words, 3) as bar:
        found = replay(out_dir, bar.step)
    if json:
        show_json(found)
    else:
        show(story_view(found, words))
        out(f"→ {out_dir / 'guard'}")
    return OK


def _demo_estate(out_dir: Path, lang: Language, json: bool) -> int:
    """Run the failed exchanges from pack to returned assets."""
    from sonae.actions.demo.estate import run_stories
    from sonae.report.estate_demo import stories_view

    words = language(lang)
    with progress(words, 24) as bar:
        found = run_stories(out_dir, bar.step)
    if json:
        show_json(found)
        return OK
    show(stories_view(found, words))
    out(f"→ {out_dir}")
    return OK


@books.command(name="check")
def books_check(
    folder: Annotated[Path, Parameter(name="BOOKS")], *, lang: Language = None, json: Json = False
) -> int:
    """Read and check input tables without closing; every problem in one run.

    Parameters
    ----------
    folder
        A folder of input tables.
    """
    from sonae.actions.books.check import check_books

    with progress(language(lang), 2) as bar:
        tables = check_books(folder, bar.step)
    if json:
        show_json({"tables": tables, "problems": []})
    else:
        out("\n".join(f"{name}  sha256 {digest}" for name, digest in sorted(tables.items())))
    return OK
