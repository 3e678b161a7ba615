"""Datastores: named folders of a workspace's artifact store."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.sql import Select

from zaffre.core.entities import Datastore
from zaffre.core.errors import NotFound
from zaffre.core.ids import now_ms
from zaffre.server.store.schema import datastores, workspaces
from zaffre.server.store.workspaces import key_of

DEFAULTS = {"workspaceblobstore": "AzureBlob", "workspacefilestore": "AzureFile"}


def add_defaults(connection: Connection, workspace: str) -> None:
    """The two that every workspace has from its beginning."""
    pk = key_of(connection, workspace)
    now = now_ms()
    rows = [{"workspace_pk": pk, "name": name, "type": type_, "created_at": now} for name, type_ in DEFAULTS.items()]
    connection.execute(insert(datastores), rows)


def get(connection: Connection, workspace: str, name: str) -> Datastore:
    row = connection.execute(_query(workspace).where(datastores.c.name == name)).first()
    if row is None:
        key_of(connection, workspace)  # a workspace that is missing is the better reason
        raise NotFound(
            f"There is no datastore {name!r} in workspace {workspace}. Each workspace has {' and '.join(DEFAULTS)}.",
            datastore=name,
        )
    return _datastore(row)


def list_all(connection: Connection, workspace: str) -> list[Datastore]:
    """Every datastore, by name."""
    key_of(connection, workspace)
    return [_datastore(row) for row in connection.execute(_query(workspace).order_by(datastores.c.name))]


def _query(workspace: str) -> Select[Any]:
    return (
        select(datastores, workspaces.c.name.label("workspace"), workspaces.c.default_datastore)
        .join(workspaces, workspaces.c.pk == datastores.c.workspace_pk)
        .where(workspaces.c.name == workspace)
    )


def _datastore(row: Row[Any]) -> Datastore:
    return Datastore(
        workspace=row.workspace,
        name=row.name,
        type=row.type,
        created_at=row.created_at,
        is_default=row.name == row.default_datastore,
    )
