"""Versions of named environments, and the labels that point at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select

from zaffre.core.entities import EnvironmentVersion, Json
from zaffre.core.errors import NotFound
from zaffre.server.store import dialect
from zaffre.server.store.schema import environment_labels, environment_versions, workspaces
from zaffre.server.store.workspaces import key_of

LATEST = "latest"


def rows(ws: str) -> Select[Any]:
    return (
        select(environment_versions, workspaces.c.name.label("workspace"))
        .join(workspaces, workspaces.c.pk == environment_versions.c.workspace_pk)
        .where(workspaces.c.name == ws)
    )


def missing(ws: str, name: str, which: str = "") -> NotFound:
    return NotFound(
        f"There is no environment {name!r}{which} in workspace {ws}. Register it, or check its name and version.",
        environment=name,
        workspace=ws,
    )


def find(connection: Connection, ws: str, name: str, version: str) -> EnvironmentVersion | None:
    query = rows(ws).where(environment_versions.c.name == name, environment_versions.c.version == version)
    found = _load(connection, connection.execute(query).all())
    return found[0] if found else None


def find_content(connection: Connection, ws: str, name: str, content_hash: str) -> EnvironmentVersion | None:
    """The first version of the environment with this content."""
    query = rows(ws).where(environment_versions.c.name == name, environment_versions.c.content_hash == content_hash)
    found = _load(connection, connection.execute(query.order_by(environment_versions.c.pk).limit(1)).all())
    return found[0] if found else None


def versions(connection: Connection, ws: str, name: str) -> list[EnvironmentVersion]:
    """Every version, the newest first; none is ``NotFound``."""
    query = rows(ws).where(environment_versions.c.name == name).order_by(environment_versions.c.pk.desc())
    found = _load(connection, connection.execute(query).all())
    if not found:
        key_of(connection, ws)
        raise missing(ws, name)
    return found


def numbers(connection: Connection, ws: str, name: str) -> list[str]:
    """The version of every version, the newest last."""
    query = rows(ws).where(environment_versions.c.name == name).order_by(environment_versions.c.pk)
    return list(connection.execute(query.with_only_columns(environment_versions.c.version)).scalars())


def latest(connection: Connection, ws: str) -> list[EnvironmentVersion]:
    """The version of each environment that its label "latest" points at, by name."""
    key_of(connection, ws)
    label = environment_labels
    query = rows(ws).join(
        label,
        (label.c.workspace_pk == environment_versions.c.workspace_pk)
        & (label.c.name == environment_versions.c.name)
        & (label.c.version == environment_versions.c.version)
        & (label.c.label == LATEST),
    )
    return _load(connection, connection.execute(query.order_by(environment_versions.c.name)).all())


def version_of_label(connection: Connection, ws: str, name: str, label: str) -> str | None:
    query = (
        select(environment_labels.c.version)
        .join(workspaces, workspaces.c.pk == environment_labels.c.workspace_pk)
        .where(workspaces.c.name == ws, environment_labels.c.name == name, environment_labels.c.label == label)
    )
    found = connection.execute(query).scalar()
    return None if found is None else str(found)


def add(
    connection: Connection, ws: str, name: str, version: str, definition: Json, content_hash: str, now: int
) -> None:
    """Insert a version and point the label "latest" at it."""
    connection.execute(
        insert(environment_versions).values(
            workspace_pk=key_of(connection, ws),
            name=name,
            version=version,
            created_at=now,
            definition=definition,
            content_hash=content_hash,
        )
    )
    set_label(connection, ws, name, LATEST, version)


def set_label(connection: Connection, ws: str, name: str, label: str, version: str) -> None:
    row = {"workspace_pk": key_of(connection, ws), "name": name, "label": label, "version": version}
    dialect.put(connection, environment_labels, ("workspace_pk", "name", "label"), [row])


def delete(connection: Connection, ws: str, name: str, version: str) -> None:
    """Delete a version with its labels, and point the label "latest" at the newest that is left."""
    workspace_pk = key_of(connection, ws)
    for table in (environment_labels, environment_versions):
        same = (table.c.workspace_pk == workspace_pk, table.c.name == name, table.c.version == version)
        connection.execute(table.delete().where(*same))
    left = numbers(connection, ws, name)
    if left and version_of_label(connection, ws, name, LATEST) is None:
        set_label(connection, ws, name, LATEST, left[-1])


def _load(connection: Connection, found: Sequence[Row[Any]]) -> list[EnvironmentVersion]:
    labels: dict[tuple[int, str, str], list[str]] = {}
    names = {(row.workspace_pk, row.name) for row in found}
    for workspace_pk, name in names:
        query = select(environment_labels).where(
            environment_labels.c.workspace_pk == workspace_pk, environment_labels.c.name == name
        )
        for row in connection.execute(query.order_by(environment_labels.c.label)):
            labels.setdefault((workspace_pk, name, row.version), []).append(row.label)
    return [
        EnvironmentVersion(
            workspace=row.workspace,
            name=row.name,
            version=row.version,
            created_at=row.created_at,
            definition=row.definition,
            content_hash=row.content_hash,
            labels=labels.get((row.workspace_pk, row.name, row.version), []),
            curated=bool(row.curated),
        )
        for row in found
    ]
