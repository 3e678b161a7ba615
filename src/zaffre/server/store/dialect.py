"""What databases spell differently: upserts, lists of values, and LIKE.

Everything else in ``store`` is SQLAlchemy Core that every database understands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import JSON, ColumnElement, Connection, Insert, Table, bindparam, cast, func, select
from sqlalchemy import column as column_
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean

from zaffre.server.store import postgresql


class _Like(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


class like(_Like):
    """``like(column, pattern)``: letters as they are, ``%`` and ``_`` as wildcards, and no character to escape them."""

    name = "like"
    inherit_cache = True


class ilike(_Like):
    """``like`` for which upper and lower case are the same, in every script."""

    name = "ilike"
    inherit_cache = True


@compiles(like)
def _like(element: like, compiler: SQLCompiler, **options: Any) -> str:
    return "{} LIKE {}".format(*_sides(element, compiler, options))


@compiles(ilike)
def _ilike(element: ilike, compiler: SQLCompiler, **options: Any) -> str:
    return "lower({}) LIKE lower({})".format(*_sides(element, compiler, options))


# PostgreSQL escapes with a backslash unless told otherwise, and in collation "C" it knows only the letters of ASCII.


@compiles(like, "postgresql")
def _like_postgresql(element: like, compiler: SQLCompiler, **options: Any) -> str:
    return "{} LIKE {} ESCAPE ''".format(*_sides(element, compiler, options))


@compiles(ilike, "postgresql")
def _ilike_postgresql(element: ilike, compiler: SQLCompiler, **options: Any) -> str:
    return "({}) COLLATE \"und-x-icu\" ILIKE {} ESCAPE ''".format(*_sides(element, compiler, options))


def _sides(element: _Like, compiler: SQLCompiler, options: dict[str, Any]) -> list[str]:
    return [compiler.process(clause, **options) for clause in element.clauses]


def among(dialect: Dialect, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """``column`` is one of many values, bound under ``name`` as ``many`` of them: one parameter however many they are,
    so that the statement stays the same.
    """
    if dialect.name == "postgresql":
        elements = func.json_array_elements_text(cast(bindparam(name), JSON))
        return column.in_(select(cast(elements, column.type)))
    return column.in_(select(column_("value")).select_from(func.json_each(bindparam(name))))


def many(values: Sequence[Any]) -> str:
    return msgspec.json.encode(values).decode()


def upsert(dialect: Dialect, table: Table, keys: Sequence[str], replace: Iterable[str]) -> Insert:
    """INSERT that, where ``keys`` exist already, sets the columns ``replace`` instead; none: leaves the row alone."""
    statement: Any = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    names = list(replace)
    if names:
        changed: Insert = statement.on_conflict_do_update(
            index_elements=list(keys), set_={name: statement.excluded[name] for name in names}
        )
        return changed
    kept: Insert = statement.on_conflict_do_nothing(index_elements=list(keys))
    return kept


def put(connection: Connection, table: Table, keys: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Insert ``rows``; where ``keys`` exist already, the other columns take the new values."""
    if rows:
        replace = [name for name in rows[0] if name not in keys]
        connection.execute(upsert(connection.dialect, table, keys, replace), rows)
