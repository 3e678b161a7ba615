"""Registered models: rows, tags, aliases, and searching them. Their versions stand in ``model_versions``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, insert, select, update

from zaffre.core.entities import RegisteredModel
from zaffre.core.errors import ModelNotFound
from zaffre.core.filters import Entity, Filter, Ordering
from zaffre.server.store import dialect, pairs
from zaffre.server.store.compare import Clause, clauses, compare, compare_pair
from zaffre.server.store.metrics import parts
from zaffre.server.store.paging import Found, Sort, cut, page
from zaffre.server.store.schema import (
    model_aliases,
    model_versions,
    registered_model_tags,
    registered_models,
    workspaces,
)
from zaffre.server.store.workspaces import key_of as workspace_key

_ATTRIBUTES: dict[str, ColumnElement[Any]] = {
    "name": registered_models.c.name,
    "creation_timestamp": registered_models.c.created_at,
    "last_updated_timestamp": registered_models.c.updated_at,
}
_BY_ENTITY: dict[Entity, Clause] = {
    Entity.ATTRIBUTE: lambda condition: compare(_ATTRIBUTES[condition.key], condition),
    Entity.TAG: partial(compare_pair, registered_model_tags, registered_models.c.pk),
}


def rows() -> Select[Any]:
    return select(registered_models, workspaces.c.name.label("workspace")).join(
        workspaces, workspaces.c.pk == registered_models.c.workspace_pk
    )


def key_of(connection: Connection, ws: str, name: str) -> int:
    """The row number of a registered model; raises ``ModelNotFound``."""
    pk = find_key(connection, ws, name)
    if pk is None:
        raise missing(ws, name)
    return pk


def find_key(connection: Connection, ws: str, name: str) -> int | None:
    query = (
        select(registered_models.c.pk)
        .join(workspaces, workspaces.c.pk == registered_models.c.workspace_pk)
        .where(workspaces.c.name == ws, registered_models.c.name == name)
    )
    pk = connection.execute(query).scalar()
    return None if pk is None else int(pk)


def missing(ws: str, name: str, version: object = None) -> ModelNotFound:
    which = f"model {name!r}" if version is None else f"version {version} of model {name!r}"
    return ModelNotFound(
        f"ModelNotFound: There is no {which} in workspace {ws}. Check the name and version, or register it first.",
        model=name,
        workspace=ws,
    )


def get(connection: Connection, ws: str, name: str) -> RegisteredModel:
    found = load(
        connection, connection.execute(rows().where(registered_models.c.pk == key_of(connection, ws, name))).all()
    )
    return found[0]


def load(connection: Connection, found: Sequence[Row[Any]]) -> list[RegisteredModel]:
    pks = [int(row.pk) for row in found]
    tags = pairs.load(connection, registered_model_tags, pks)
    aliases: dict[int, dict[str, int]] = {pk: {} for pk in pks}
    latest: dict[int, int] = {}
    for some in parts(pks):
        query = select(model_aliases).where(model_aliases.c.model_pk.in_(some)).order_by(model_aliases.c.alias)
        for row in connection.execute(query):
            aliases[row.model_pk][row.alias] = row.version
        newest = (
            select(model_versions.c.model_pk, func.max(model_versions.c.version))
            .where(model_versions.c.model_pk.in_(some))
            .group_by(model_versions.c.model_pk)
        )
        latest.update((row[0], row[1]) for row in connection.execute(newest))
    return [
        RegisteredModel(
            workspace=row.workspace,
            name=row.name,
            created_at=row.created_at,
            updated_at=row.updated_at,
            description=row.description,
            tags=tags[row.pk],
            aliases=aliases[row.pk],
            latest_version=latest.get(row.pk, 0),
        )
        for row in found
    ]


def add(connection: Connection, ws: str, name: str, now: int, *, description: str = "") -> int:
    """Insert a registered model and answer its row number."""
    values = {"name": name, "created_at": now, "updated_at": now, "description": description}
    statement = insert(registered_models).values(workspace_pk=workspace_key(connection, ws), **values)
    return int(connection.execute(statement.returning(registered_models.c.pk)).scalar_one())


def change(connection: Connection, pk: int, **values: Any) -> None:
    connection.execute(update(registered_models).where(registered_models.c.pk == pk).values(**values))


def remove(connection: Connection, pk: int) -> None:
    """Delete a registered model with its versions; their files are the caller's to delete."""
    connection.execute(delete(registered_models).where(registered_models.c.pk == pk))


def set_tags(connection: Connection, pk: int, tags: dict[str, str]) -> None:
    pairs.put(connection, registered_model_tags, pk, tags)


def remove_tags(connection: Connection, pk: int, keys: Sequence[str]) -> int:
    return pairs.remove(connection, registered_model_tags, pk, keys)


def set_alias(connection: Connection, pk: int, alias: str, version: int) -> None:
    row = {"model_pk": pk, "alias": alias, "version": version}
    dialect.put(connection, model_aliases, ("model_pk", "alias"), [row])


def remove_alias(connection: Connection, pk: int, alias: str) -> int:
    """Answers how many there were: 0 or 1."""
    which = (model_aliases.c.model_pk == pk) & (model_aliases.c.alias == alias)
    return int(connection.execute(delete(model_aliases).where(which)).rowcount)


def remove_aliases_of(connection: Connection, pk: int, version: int) -> None:
    which = (model_aliases.c.model_pk == pk) & (model_aliases.c.version == version)
    connection.execute(delete(model_aliases).where(which))


def search(
    connection: Connection,
    ws: str,
    filter_: Filter,
    order: Ordering,
    *,
    limit: int,
    after: str | None = None,
    hidden: Sequence[str] = (),
) -> Found[RegisteredModel]:
    """One page of registered models that are not named in ``hidden``, by name unless ordered otherwise."""
    statement = rows().where(workspaces.c.name == ws, *clauses(filter_, _BY_ENTITY))
    if hidden:
        statement = statement.where(registered_models.c.name.not_in(list(hidden)))
    sorts = [Sort(_ATTRIBUTES[key.key], key.descending) for key in order]
    sorts.append(Sort(registered_models.c.name))
    found, token = cut(connection.execute(page(statement, sorts, after, limit)).all(), sorts, limit)
    return Found(load(connection, found), token)
