"""Versions of registered models: rows, tags, properties, and searching them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, insert, select, update

from zaffre.core.entities import ModelVersion
from zaffre.core.filters import Condition, Entity, Filter, Op, Ordering
from zaffre.server.store import models, pairs
from zaffre.server.store.compare import Clause, clauses, compare, compare_pair
from zaffre.server.store.paging import Found, Sort, cut, page
from zaffre.server.store.schema import (
    model_version_properties,
    model_version_tags,
    model_versions,
    registered_models,
    service_models,
    services,
    workspaces,
)

_ATTRIBUTES: dict[str, ColumnElement[Any]] = {
    "name": registered_models.c.name,
    "run_id": model_versions.c.run_id,
    "source_path": model_versions.c.source,
    "version_number": model_versions.c.version,
    "creation_timestamp": model_versions.c.created_at,
    "last_updated_timestamp": model_versions.c.updated_at,
}
_BY_ENTITY: dict[Entity, Clause] = {
    Entity.ATTRIBUTE: lambda condition: compare(_ATTRIBUTES[condition.key], condition),
    Entity.TAG: partial(compare_pair, model_version_tags, model_versions.c.pk),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionQuery:
    """Which versions of a workspace; without an order the newest first.

    ``tags`` and ``properties`` map a key to its value, or to None where any value will do. ``latest``: only the
    newest version of each model.
    """

    filter: Filter = ()
    order: Ordering = ()
    name: str | None = None
    run_id: str | None = None
    framework: str | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)
    properties: Mapping[str, str | None] = field(default_factory=dict)
    latest: bool = False
    hidden: Sequence[str] = ()  # of none of these models


def rows() -> Select[Any]:
    return (
        select(model_versions, registered_models.c.name.label("name"), workspaces.c.name.label("workspace"))
        .join(registered_models, registered_models.c.pk == model_versions.c.model_pk)
        .join(workspaces, workspaces.c.pk == registered_models.c.workspace_pk)
    )


def get(connection: Connection, ws: str, name: str, version: int | None = None) -> ModelVersion:
    """A version, by default the newest; raises ``ModelNotFound``."""
    statement = rows().where(workspaces.c.name == ws, registered_models.c.name == name)
    if version is not None:
        statement = statement.where(model_versions.c.version == version)
    found = load(connection, connection.execute(statement.order_by(model_versions.c.version.desc()).limit(1)).all())
    if not found:
        raise models.missing(ws, name, version)
    return found[0]


def key_of(connection: Connection, ws: str, name: str, version: int) -> int:
    """The row number of a version; raises ``ModelNotFound``."""
    statement = rows().where(
        workspaces.c.name == ws, registered_models.c.name == name, model_versions.c.version == version
    )
    row = connection.execute(statement).first()
    if row is None:
        raise models.missing(ws, name, version)
    return int(row.pk)


def load(connection: Connection, found: Sequence[Row[Any]]) -> list[ModelVersion]:
    pks = [int(row.pk) for row in found]
    tags = pairs.load(connection, model_version_tags, pks)
    properties = pairs.load(connection, model_version_properties, pks)
    return [
        ModelVersion(
            workspace=row.workspace,
            name=row.name,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            created_by=row.created_by,
            description=row.description,
            tags=tags[row.pk],
            properties=properties[row.pk],
            framework=row.framework,
            framework_version=row.framework_version,
            run_id=row.run_id,
            experiment_name=row.experiment_name,
            source=row.source,
            logged_model_id=row.logged_model_id,
            stage=row.stage,
            status=row.status,
            entry=row.entry,
            unpack=bool(row.unpack),
            size=row.size,
            resource_configuration=row.resource_configuration,
            datasets=row.datasets,
            parent_id=row.parent_id,
        )
        for row in found
    ]


def next_number(connection: Connection, model_pk: int) -> int:
    """A version number that was never given before and never will be again."""
    statement = (
        update(registered_models)
        .where(registered_models.c.pk == model_pk)
        .values(last_version=registered_models.c.last_version + 1)
        .returning(registered_models.c.last_version)
    )
    return int(connection.execute(statement).scalar_one())


def claim_number(connection: Connection, model_pk: int, number: int) -> int:
    """A number that a version had elsewhere; those given later are greater."""
    statement = (
        update(registered_models)
        .where(registered_models.c.pk == model_pk, registered_models.c.last_version < number)
        .values(last_version=number)
    )
    connection.execute(statement)
    return number


def add(
    connection: Connection,
    model_pk: int,
    tags: Mapping[str, str],
    properties: Mapping[str, str],
    values: dict[str, Any],
) -> None:
    """Insert a version with its tags and properties, and touch its model."""
    statement = insert(model_versions).values(model_pk=model_pk, **values).returning(model_versions.c.pk)
    pk = int(connection.execute(statement).scalar_one())
    set_tags(connection, pk, tags)
    add_properties(connection, pk, properties)
    models.change(connection, model_pk, updated_at=values["created_at"])


def change(connection: Connection, pk: int, **values: Any) -> None:
    connection.execute(update(model_versions).where(model_versions.c.pk == pk).values(**values))


def remove(connection: Connection, pk: int) -> None:
    connection.execute(delete(model_versions).where(model_versions.c.pk == pk))


def archive_stage(connection: Connection, ws: str, name: str, stage: str, now: int) -> None:
    """Move every version of a model that is in ``stage`` to Archived."""
    which = (model_versions.c.model_pk == models.key_of(connection, ws, name)) & (model_versions.c.stage == stage)
    connection.execute(update(model_versions).where(which).values(stage="Archived", updated_at=now))


def set_tags(connection: Connection, pk: int, tags: Mapping[str, str]) -> None:
    pairs.put(connection, model_version_tags, pk, tags)


def remove_tags(connection: Connection, pk: int, keys: Sequence[str]) -> int:
    return pairs.remove(connection, model_version_tags, pk, keys)


def properties_of(connection: Connection, pk: int) -> dict[str, str]:
    return pairs.of(connection, model_version_properties, pk)


def add_properties(connection: Connection, pk: int, properties: Mapping[str, str]) -> None:
    pairs.put(connection, model_version_properties, pk, properties)


def services_using(connection: Connection, ws: str, name: str, version: int | None = None) -> list[str]:
    """The names of live services that were given a version of the model, by default any."""
    statement = (
        select(services.c.name)
        .join(service_models, service_models.c.service_pk == services.c.pk)
        .join(workspaces, workspaces.c.pk == services.c.workspace_pk)
        .where(workspaces.c.name == ws, service_models.c.model == name, services.c.state != "deleted")
        .order_by(services.c.name)
        .distinct()
    )
    if version is not None:
        statement = statement.where(service_models.c.version == version)
    return list(connection.execute(statement).scalars())


def search(
    connection: Connection, ws: str, query: VersionQuery, *, limit: int, after: str | None = None
) -> Found[ModelVersion]:
    """One page of versions. Raises ``InvalidValue`` for a token of another search."""
    sorts = [Sort(_ATTRIBUTES[key.key], key.descending, nullable=key.key == "run_id") for key in query.order]
    if not sorts:
        sorts = [Sort(model_versions.c.created_at, descending=True)]
    sorts.append(Sort(model_versions.c.pk, descending=True))
    found, token = cut(connection.execute(page(_select(ws, query), sorts, after, limit)).all(), sorts, limit)
    return Found(load(connection, found), token)


def _select(ws: str, query: VersionQuery) -> Select[Any]:
    statement = rows().where(workspaces.c.name == ws, *clauses(query.filter, _BY_ENTITY))
    for column, wanted in (
        (registered_models.c.name, query.name),
        (model_versions.c.run_id, query.run_id),
        (model_versions.c.framework, query.framework),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    for table, pairs_wanted in ((model_version_tags, query.tags), (model_version_properties, query.properties)):
        for key, value in pairs_wanted.items():
            condition = Condition(Entity.TAG, key, Op.IS_NOT_NULL if value is None else Op.EQ, value)
            statement = statement.where(compare_pair(table, model_versions.c.pk, condition))
    if query.hidden:
        statement = statement.where(registered_models.c.name.not_in(list(query.hidden)))
    if query.latest:
        other = model_versions.alias("other")
        newest = select(func.max(other.c.version)).where(other.c.model_pk == model_versions.c.model_pk)
        statement = statement.where(model_versions.c.version == newest.scalar_subquery())
    return statement
