"""Statements compiled once for an engine and run on the driver's own connection.

SQLAlchemy writes the SQL and keeps the schema; its execution layer costs more than a durable write
itself, so what every entry runs goes to the driver directly, with amounts put in and taken out the
way their columns hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.sql import Executable

from sonae.store.schema import Amount, read_amount, stored

Values = Mapping[str, Any]


class Prepared:
    """One statement with named places."""

    def __init__(self, statement: Executable) -> None:
        self.statement = statement
        self._forms: dict[str, _Form] = {}

    def rows(self, connection: DriverConnection, values: Values) -> list[Sequence[Any]]:
        """Run it and take every row."""
        return self.send(connection, values)()

    def send(
        self, connection: DriverConnection, values: Values
    ) -> Callable[[], list[Sequence[Any]]]:
        """Run it; its rows are taken when the answer is called: others may run meanwhile."""
        form = self._form(connection)
        cursor = connection.driver.execute(form.sql, form.bound(values))

        def answer() -> list[Sequence[Any]]:
            found = cursor.fetchall()
            return [form.taken(row) for row in found] if form.amounts else list(found)

        return answer

    def first(self, connection: DriverConnection, values: Values) -> Sequence[Any] | None:
        """Run it and take the first row."""
        rows = self.rows(connection, values)
        return rows[0] if rows else None

    def run(self, connection: DriverConnection, *values: Values) -> None:
        """Run it once for each set of values."""
        form = self._form(connection)
        for each in values:
            connection.driver.execute(form.sql, form.bound(each))

    def _form(self, connection: DriverConnection) -> _Form:
        name = connection.dialect.name
        if name not in self._forms:
            self._forms[name] = _Form(self.statement, connection.dialect)
        return self._forms[name]


class _Form:
    """The statement as one engine takes it."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        named: Any = dialect
        if dialect.name == "sqlite":
            named = sqlite_dialect(paramstyle="named")
        compiled = statement.compile(
            dialect=named,
            compile_kwargs={"render_postcompile": True},
            column_keys=_columns(statement),
        )
        self.engine, self.sql = dialect.name, str(compiled)
        self.defaults = {k: v for k, v in compiled.params.items() if v is not None}
        self.money = [n for n, b in compiled.binds.items() if isinstance(b.type, Amount)]
        columns = statement.selected_columns if statement.is_select else ()
        self.amounts = [n for n, c in enumerate(columns) if isinstance(c.type, Amount)]

    def bound(self, values: Values) -> dict[str, Any]:
        """Values as the driver takes them."""
        bound = {**self.defaults, **values}
        for name in self.money:
            bound[name] = stored(bound[name], self.engine)
        return bound

    def taken(self, row: Sequence[Any]) -> list[Any]:
        """A row with its amounts as integers."""
        values = list(row)
        for n in self.amounts:
            if values[n] is not None:
                values[n] = read_amount(values[n], self.engine)
        return values


def _columns(statement: Any) -> list[str] | None:
    """The columns of a plain insert; one that names its values knows them."""
    plain = statement.is_insert and not statement._multi_values
    return [c.name for c in statement.table.c] if plain else None


class DriverConnection:
    """A driver's connection and the dialect of its engine."""

    def __init__(self, driver: Any, dialect: Dialect) -> None:
        self.driver, self.dialect = driver, dialect
        self.errors: type[Exception] = dialect.dbapi.Error  # type: ignore[union-attr]

    def execute(self, sql: str) -> None:
        """Run a statement without values."""
        self.driver.execute(sql)

    @contextmanager
    def transaction(self, table: str = "entry") -> Iterator[None]:
        """One write: it holds its table's lock from the start; all of it is kept, or nothing.

        On PostgreSQL its statements travel as a pipeline and wait only where an answer is read.
        """
        if self.dialect.name == "postgresql":
            with self.driver.pipeline(), self.driver.transaction():
                self.execute(f"lock table {table} in exclusive mode")
                yield
            return
        self.execute("begin immediate")
        try:
            yield
            self.execute("commit")
        except BaseException:
            with suppress(self.errors):  # a connection that is gone has undone it already
                self.execute("rollback")
            raise

    def lost(self, error: Exception) -> bool:
        """Whether an error of the driver means that the connection is gone."""
        return self.dialect.is_disconnect(error, self.driver, None)  # type: ignore[arg-type]
