"""Key and value pairs that hang on a row: tags, properties, parameters. Every such table has owner, key and value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Table, bindparam, delete, select

from zaffre.server.store import dialect
from zaffre.server.store.prepared import Prepared


def owner_of(table: FromClause) -> ColumnElement[Any]:
    """The column that names whose pairs they are: the first one."""
    return next(iter(table.c))


def load(connection: Connection, table: Table, owners: Sequence[Any]) -> dict[Any, dict[str, str]]:
    """The pairs of every owner, by key; an owner without any has an empty dict."""
    return {owner: dict(found) for owner, found in listed(connection, table, owners).items()}


def listed(connection: Connection, table: Table, owners: Sequence[Any]) -> dict[Any, list[tuple[str, str]]]:
    """``load`` as lists of key and value."""
    if len(owners) == 1:
        return {owners[0]: _of_one(table).all(connection, (owners[0],))}
    found: dict[Any, list[tuple[str, str]]] = {owner: [] for owner in owners}
    if owners:
        for owner, key, value in _of_many(table).all(connection, (dialect.many(owners),)):
            found[owner].append((key, value))
    return found


def of(connection: Connection, table: Table, owner: Any) -> dict[str, str]:
    return dict(_of_one(table).all(connection, (owner,)))


def put(connection: Connection, table: Table, owner: Any, values: Mapping[str, str]) -> None:
    """Add pairs, and change the value of those that are there."""
    if values:
        _put(table).many(connection, [(owner, key, value) for key, value in values.items()])


# Statements are the same for as long as the program runs, and making one costs more than running it.


@cache
def _of_one(table: Table) -> Prepared:
    column = owner_of(table)
    wanted = select(table.c.key, table.c.value).where(column == bindparam("owner")).order_by(table.c.key)
    return Prepared(wanted, ("owner",))


@cache
def _of_many(table: Table) -> Prepared:
    column = owner_of(table)
    found = select(column, table.c.key, table.c.value).order_by(column, table.c.key)
    return Prepared(lambda used: found.where(dialect.among(used, column, "owners")), ("owners",))


@cache
def _put(table: Table) -> Prepared:
    keys = (owner_of(table).name, "key")
    return Prepared(lambda used: dialect.upsert(used, table, keys, ("value",)), (*keys, "value"))


def remove(connection: Connection, table: Table, owner: Any, keys: Iterable[str]) -> int:
    """Delete pairs; answers how many were there."""
    gone = list(keys)
    if not gone:
        return 0
    done = connection.execute(delete(table).where(owner_of(table) == owner, table.c.key.in_(gone)))
    return int(done.rowcount)


def clear(connection: Connection, table: Table, owner: Any) -> None:
    connection.execute(delete(table).where(owner_of(table) == owner))
