"""Key and value pairs that hang on a row: tags, properties, parameters. Every such table has owner, key and value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table, bindparam, delete, select

from zaffre.server.store import dialect
from zaffre.server.store.metrics import parts


def owner_of(table: Table) -> Column[Any]:
    """The column that names whose pairs they are: the first one."""
    return next(iter(table.c))


def load(connection: Connection, table: Table, owners: Sequence[Any]) -> dict[Any, dict[str, str]]:
    """The pairs of every owner, by key; an owner without any has an empty dict."""
    found: dict[Any, dict[str, str]] = {owner: {} for owner in owners}
    column = owner_of(table)
    statement = (
        select(column, table.c.key, table.c.value)
        .where(column.in_(bindparam("owners", expanding=True)))
        .order_by(column, table.c.key)
    )
    for some in parts(owners):
        for owner, key, value in connection.execute(statement, {"owners": some}):
            found[owner][key] = value
    return found


def of(connection: Connection, table: Table, owner: Any) -> dict[str, str]:
    return load(connection, table, [owner])[owner]


def put(connection: Connection, table: Table, owner: Any, values: Mapping[str, str]) -> None:
    """Add pairs, and change the value of those that are there."""
    name = owner_of(table).name
    rows = [{name: owner, "key": key, "value": value} for key, value in values.items()]
    dialect.put(connection, table, (name, "key"), rows)


def remove(connection: Connection, table: Table, owner: Any, keys: Iterable[str]) -> int:
    """Delete pairs; answers how many were there."""
    done = connection.execute(delete(table).where(owner_of(table) == owner, table.c.key.in_(list(keys))))
    return int(done.rowcount)


def clear(connection: Connection, table: Table, owner: Any) -> None:
    connection.execute(delete(table).where(owner_of(table) == owner))
