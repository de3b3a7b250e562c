"""`sonae books map` and `infer`: a firm's own files into Books."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from sonae.cli.main import OK, Json, Language, books, language, out, progress, show, show_json
from sonae.core.errors import UsageError


@books.command(name="map")
def books_map(
    mapping: Annotated[Path, Parameter(name="MAPPING.toml")],
    *,
    out_dir: Annotated[Path | None, Parameter(name="--out")] = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    base: Annotated[Path | None, Parameter(name="--from")] = None,
    database: str | None = None,
    originals: Annotated[bool, Parameter(negative="")] = False,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Map a firm's own files into Books; every problem in the files' own terms, in one report.

    Parameters
    ----------
    mapping
        Which files there are, how they are written, what becomes which column.
    out_dir
        The folder of Books to write, whole or not at all.
    dry_run
        Read, map and check everything, show what would come of it, write nothing.
    base
        Where the files are; else beside the mapping.
    database
        A PostgreSQL address, where the mapping has queries.
    originals
        Keep the files that were read in the folder, each by its digest.
    """
    from sonae.actions.books.map import map_books
    from sonae.report.mapping import mapping_view

    if (out_dir is None) != dry_run:
        raise UsageError("give --out DIR, or --dry-run")
    words = language(lang)
    with progress(words, 8) as bar:
        record = map_books(
            mapping, out_dir, base=base, database=database, originals=originals, step=bar.step
        )
    if json:
        show_json(record)
        return OK
    for page in mapping_view(record, words, dry_run):
        show(page)
    if out_dir is not None:
        out(f"→ {out_dir}")
    return OK


@books.command(name="infer")
def books_infer(
    samples: Annotated[list[Path], Parameter(name="SAMPLE")],
    *,
    out_file: Annotated[Path | None, Parameter(name="--out")] = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Draft a mapping from samples: each guess with what speaks for it, for a person to settle.

    Parameters
    ----------
    samples
        Files as they come: CSV, Excel, JSON lines, Parquet, bank statements.
    out_file
        Where the draft goes; else it is printed.
    """
    from sonae.actions.books.infer import draft

    text, guesses = draft(samples, language(lang))
    if out_file is not None:
        if out_file.exists():
            raise UsageError(f"{out_file} is there already")
        out_file.write_text(text, encoding="utf-8")
    found: dict[str, Any] = {"mapping": text, "guesses": guesses}
    if json:
        show_json(found)
    else:
        out(text.rstrip("\n") if out_file is None else f"→ {out_file}")
    return OK
