"""Statements of the hot path: written in SQLAlchemy Core, compiled once, run on the driver's own cursor.

Core's execution layer costs several times what SQLite needs for a row. These are the same portable statements without
it: parameters go in as tuples, rows come out as tuples, and no column type converts anything on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler

_PLACE: Final = "prepared"  # in what SQLAlchemy keeps beside a connection of the driver

Row = tuple[Any, ...]
Arrange = Callable[[Row], Row]  # the parameters as given -> as the statement takes them


class Prepared:
    """A statement whose parameters are ``names``, given as tuples in that order.

    ``build`` makes the statement for a dialect: an upsert is spelled differently by each. In an INSERT, ``names`` are
    the columns; in other statements, the names of its ``bindparam``s.
    """

    def __init__(self, build: Any, names: Sequence[str]) -> None:
        self._build = build
        self._names = tuple(names)
        self._text: dict[str, tuple[str, Arrange | None]] = {}

    def one(self, connection: Connection, values: Row) -> Row | None:
        """The first row, or None."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def all(self, connection: Connection, values: Row) -> list[Row]:
        cursor = _cursor(connection)
        cursor.execute(*self._call(connection.dialect, values))
        rows: list[Row] = cursor.fetchall()
        return rows

    def run(self, connection: Connection, values: Row) -> None:
        _cursor(connection).execute(*self._call(connection.dialect, values))

    def many(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Run once for each row, in order."""
        text, arrange = self._compiled(connection.dialect)
        cursor = _cursor(connection)
        # psycopg sends one in one message, and several in a pipeline with its own beginning and end.
        if len(rows) == 1:
            cursor.execute(text, rows[0] if arrange is None else arrange(rows[0]))
        else:
            cursor.executemany(text, rows if arrange is None else [arrange(row) for row in rows])

    def _call(self, dialect: Dialect, values: Row) -> tuple[str, Row]:
        text, arrange = self._compiled(dialect)
        return text, values if arrange is None else arrange(values)

    def _compiled(self, dialect: Dialect) -> tuple[str, Arrange | None]:
        found = self._text.get(dialect.name)
        if found is None:
            found = self._text[dialect.name] = self._compile(dialect)
        return found

    def _compile(self, dialect: Dialect) -> tuple[str, Arrange | None]:
        statement: Executable = self._build(dialect) if callable(self._build) else self._build
        keys = list(self._names) if getattr(statement, "is_insert", False) else None
        compiled = statement.compile(dialect=_positional(dialect), column_keys=keys)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        taken = tuple(compiled.positiontup or ())
        if taken == self._names:
            return str(compiled), None
        # The compiler may add constants of its own, such as the OFFSET that SQLite wants behind a LIMIT.
        fixed = [name for name in taken if name not in self._names]
        constants = tuple(compiled.params[name] for name in fixed)
        places = [(*self._names, *fixed).index(name) for name in taken]
        return str(compiled), lambda values: tuple((*values, *constants)[place] for place in places)


def _cursor(connection: Connection) -> Any:
    """The connection's cursor for these statements. One will do: each is read to its end before the next begins."""
    kept = connection.info
    cursor = kept.get(_PLACE)
    if cursor is None:
        dbapi: Any = connection.connection.driver_connection
        cursor = kept[_PLACE] = dbapi.cursor()
    return cursor


def _positional(dialect: Dialect) -> Dialect:
    """The dialect, spelling parameters by position: qmark for SQLite's driver, format for PostgreSQL's."""
    if dialect.positional:
        return dialect
    assert isinstance(dialect, DefaultDialect)
    return type(dialect)(paramstyle="format")
