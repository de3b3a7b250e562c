"""What a mapping made of a firm's files, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from sonae.core.text import Lang, Text


def mapping_view(record: Mapping[str, Any], lang: Lang, dry: bool) -> Iterator[Any]:
    """Files, tables, and of a dry run the first rows of each table with where they came from."""
    files = Table(title=_FILES.lang(lang), title_justify="left")
    for name in (_SOURCE, _FILE, _ROWS, _MADE, _LEFT, _REPEATED):
        files.add_column(name.lang(lang), justify="left" if name in (_SOURCE, _FILE) else "right")
    files.add_column("SHA-256")
    for read in record["files"]:
        made = ", ".join(f"{t} {n:,}" for t, n in read["made"].items())
        cells = (read["source"], read["file"], f"{read['rows']:,}", made)
        left = (f"{read['left_out']:,}", f"{read['repeated']:,}", read["sha256"][:16])
        files.add_row(*cells, *left)
    yield files
    if dry:
        for name, rows in record["samples"].items():
            yield _sample(name, rows, lang)
        yield _NOTHING.lang(lang)
        return
    yield ", ".join(f"{name} {count:,}" for name, count in record["tables"].items())


def _sample(name: str, rows: list[dict[str, Any]], lang: Lang) -> Table:
    view = Table(title=name, title_justify="left")
    columns = [c for c in dict.fromkeys(k for r in rows for k in r) if not c.startswith("_")]
    view.add_column(_FROM.lang(lang))
    for column in columns:
        view.add_column(column)
    for row in rows:
        view.add_row(f"{row['_file']}:{row['_row']}", *(row.get(c) or "" for c in columns))
    return view


_FILES = Text("読んだファイル", "files read")
_SOURCE = Text("資料", "source")
_FILE = Text("ファイル", "file")
_ROWS = Text("行数", "rows")
_MADE = Text("できた行", "made")
_LEFT = Text("対象外", "left out")
_REPEATED = Text("重複", "repeated")
_FROM = Text("元の行", "from")
_NOTHING = Text("試行のため何も書いていない", "a dry run: nothing was written")
