"""Statements compiled once for an engine and run on the driver's own connection.

SQLAlchemy writes the SQL and keeps the schema; its execution layer costs more than a durable write
itself, so what every entry runs goes to the driver directly, with amounts put in and taken out the
way their columns hold them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
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
        form = self._form(connection)
        found = connection.driver.execute(form.sql, form.bound(values)).fetchall()
        if not form.amounts:
            return list(found)
        return [form.taken(row) for row in found]

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
            column_keys=[c.name for c in statement.table.c] if statement.is_insert else None,
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


class DriverConnection:
    """A driver's connection and the dialect of its engine."""

    def __init__(self, driver: Any, dialect: Dialect) -> None:
        self.driver, self.dialect = driver, dialect
        self.errors: type[Exception] = dialect.dbapi.Error  # type: ignore[union-attr]
        sqlite = dialect.name == "sqlite"
        self.begin = (
            ("begin immediate",) if sqlite else ("begin", "lock table entry in exclusive mode")
        )

    def execute(self, *statements: str) -> None:
        """Run statements without values."""
        for sql in statements:
            self.driver.execute(sql)

    def together(self) -> AbstractContextManager[object]:
        """Within it statements wait for no answer until one is read, where the driver can do so."""
        pipeline = getattr(self.driver, "pipeline", nullcontext)
        return pipeline()

    def lost(self, error: Exception) -> bool:
        """Whether an error of the driver means that the connection is gone."""
        return self.dialect.is_disconnect(error, self.driver, None)  # type: ignore[arg-type]
