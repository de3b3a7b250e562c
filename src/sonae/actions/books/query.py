"""PostgreSQL queries of a mapping, kept as the files they give: one snapshot for all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sonae.books.map.spec import Spec
from sonae.core.errors import Problem, UsageError
from sonae.core.text import Text

FLOATS = (700, 701)
"""Type numbers of real and double precision in PostgreSQL's own catalogue."""


def snapshot(
    spec: Spec,
    database: str | None,
    folder: Path,
    problems: list[Problem],
    step: Callable[[Text], None],
) -> list[tuple[str, Path]]:
    """The result of each query as a CSV of the text PostgreSQL gives, by source id.

    All run in one read-only transaction that sees one state of the data. Floating point is refused.

    Raises:
        UsageError: no database was named, or psycopg is not installed.
    """
    sources = [s for s in spec.sources if s.form == "sql"]
    if not sources:
        return []
    if database is None:
        raise UsageError("the mapping has queries: name the database with --database")
    try:
        import psycopg
    except ImportError as error:
        raise UsageError("queries need psycopg: pip install 'sonae[postgres]'") from error
    folder.mkdir()
    made = []
    try:
        with psycopg.connect(database, options="-c client_encoding=UTF8") as connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.execute("set local datestyle to 'ISO, YMD'")
            connection.execute("set local timezone to 'UTC'")
            for source in sources:
                step(Text(f"{source.id}に問い合わせる", f"asking {source.id}"))
                path = folder / f"{source.id}.csv"
                if _copy(connection, source.id, source.query, path, problems):
                    made.append((source.id, path))
    except psycopg.Error as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        problems.append(Problem("query-failed", "mapping", _FAILED.format(e=first)))
    return made


def _copy(connection: object, id: str, query: str, path: Path, problems: list[Problem]) -> bool:
    """One query into one file; False, and a problem for each, where a column is floating point."""
    plain = query.strip().rstrip(";")
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(f"select * from ({plain}) as q limit 0")
        floats = [c.name for c in cursor.description or () if c.type_code in FLOATS]
        for name in floats:
            problems.append(Problem("floating-point", id, _FLOAT, f"{id}.csv", column=name))
        if floats:
            return False
        with (
            path.open("wb") as stream,
            cursor.copy(f"copy ({plain}) to stdout (format csv, header)") as copy,
        ):
            for block in copy:
                stream.write(block)
    return True


_FAILED = Text("問合せに失敗した: {e}", "the query failed: {e}")
_FLOAT = Text(
    "浮動小数の列は使えない。numeric か text で渡す", "floating point: give numeric or text"
)
