"""Workspaces: rows, and the numbers by which everything else refers to them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from zaffre.core import contract
from zaffre.core.entities import Workspace
from zaffre.core.errors import WorkspaceExists, WorkspaceNotFound
from zaffre.core.ids import new_uuid, now_ms
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.schema import experiments, workspaces

DEFAULT_DATASTORE = "workspaceblobstore"

_key_of = Prepared(select(workspaces.c.pk).where(workspaces.c.name == bindparam("name_")), ("name_",))


def key_of(connection: Connection, name: str) -> int:
    """The row number of a workspace; raises ``WorkspaceNotFound``."""
    row = _key_of.one(connection, (name,))
    if row is None:
        raise missing(name)
    return int(row[0])


def missing(name: str) -> WorkspaceNotFound:
    return WorkspaceNotFound(
        f"There is no workspace {name!r} on this server. Create it with Workspace.create(name={name!r}), "
        "or name one that exists.",
        workspace=name,
    )


def get(connection: Connection, name: str) -> Workspace:
    row = connection.execute(select(workspaces).where(workspaces.c.name == name)).first()
    if row is None:
        raise missing(name)
    return _workspace(row)


def find(connection: Connection, name: str) -> Workspace | None:
    row = connection.execute(select(workspaces).where(workspaces.c.name == name)).first()
    return None if row is None else _workspace(row)


def list_all(connection: Connection) -> list[Workspace]:
    """Every workspace, by name."""
    return [_workspace(row) for row in connection.execute(select(workspaces).order_by(workspaces.c.name))]


def create(
    connection: Connection,
    name: str,
    *,
    subscription_id: str = contract.DEFAULT_SUBSCRIPTION,
    resource_group: str = contract.DEFAULT_RESOURCE_GROUP,
    location: str = "local",
    description: str = "",
    friendly_name: str = "",
    tags: dict[str, str] | None = None,
    snapshot_limit_bytes: int | None = None,
) -> Workspace:
    """A new workspace; raises ``WorkspaceExists``. The one named "default" gets MLflow's experiment 0, "Default"."""
    if find(connection, name) is not None:
        raise WorkspaceExists(f"A workspace {name!r} exists already on this server.", workspace=name)
    now = now_ms()
    connection.execute(
        insert(workspaces).values(
            id=new_uuid(),
            name=name,
            subscription_id=subscription_id,
            resource_group=resource_group,
            location=location,
            created_at=now,
            description=description,
            friendly_name=friendly_name or name,
            tags=tags or {},
            default_datastore=DEFAULT_DATASTORE,
            snapshot_limit_bytes=snapshot_limit_bytes,
        )
    )
    if name == contract.DEFAULT_WORKSPACE:
        _add_default_experiment(connection, key_of(connection, name), now)
    return get(connection, name)


def _add_default_experiment(connection: Connection, workspace_pk: int, now: int) -> None:
    taken = connection.execute(select(experiments.c.id).where(experiments.c.id == 0)).first()
    if taken is None:
        connection.execute(
            insert(experiments).values(
                id=0,
                workspace_pk=workspace_pk,
                name="Default",
                artifact_location="mlflow-artifacts:/0",
                created_at=now,
                updated_at=now,
            )
        )


def change(connection: Connection, name: str, **values: Any) -> Workspace:
    """Set columns of a workspace: description, friendly_name, tags, default_datastore, snapshot_limit_bytes."""
    pk = key_of(connection, name)
    if values:
        connection.execute(update(workspaces).where(workspaces.c.pk == pk).values(**values))
    return get(connection, name)


def remove(connection: Connection, name: str) -> None:
    """Delete a workspace with everything in it; raises ``WorkspaceNotFound``. Its files are the caller's to delete."""
    connection.execute(delete(workspaces).where(workspaces.c.pk == key_of(connection, name)))


def _workspace(row: Row[Any]) -> Workspace:
    return Workspace(
        id=row.id,
        name=row.name,
        subscription_id=row.subscription_id,
        resource_group=row.resource_group,
        location=row.location,
        created_at=row.created_at,
        description=row.description,
        friendly_name=row.friendly_name,
        tags=row.tags or {},
        default_datastore=row.default_datastore,
        snapshot_limit_bytes=row.snapshot_limit_bytes,
    )
