"""Compute targets, and how many runs occupy them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from zaffre.core.entities import ComputeTarget
from zaffre.core.errors import ComputeTargetNotFound
from zaffre.core.ids import now_ms
from zaffre.core.states import RunStatus
from zaffre.server.store.schema import computes, runs, workspaces
from zaffre.server.store.workspaces import key_of

# A run in one of these has a process on the target, or is being given one.
OCCUPYING = (
    RunStatus.STARTING,
    RunStatus.PROVISIONING,
    RunStatus.PREPARING,
    RunStatus.RUNNING,
    RunStatus.FINALIZING,
    RunStatus.CANCEL_REQUESTED,
    RunStatus.NOT_RESPONDING,
)


def find(connection: Connection, ws: str, name: str) -> ComputeTarget | None:
    found = _load(connection, ws, name)
    return found[0] if found else None


def get(connection: Connection, ws: str, name: str) -> ComputeTarget:
    """Raises ``ComputeTargetNotFound``."""
    found = find(connection, ws, name)
    if found is None:
        key_of(connection, ws)
        raise ComputeTargetNotFound(
            f"There is no compute target {name!r} in workspace {ws}. Create it with "
            f"ComputeTarget.create(ws, {name!r}, AmlCompute.provisioning_configuration(...)), or use 'local'.",
            compute=name,
        )
    return found


def list_all(connection: Connection, ws: str) -> list[ComputeTarget]:
    """Every compute target, by name."""
    key_of(connection, ws)
    return _load(connection, ws, None)


def put(connection: Connection, ws: str, name: str, values: dict[str, Any]) -> ComputeTarget:
    """Make a compute target; one that is there takes the new values."""
    pk = key_of(connection, ws)
    now = now_ms()
    which = (computes.c.workspace_pk == pk) & (computes.c.name == name)
    done = connection.execute(update(computes).where(which).values(modified_at=now, **values))
    if done.rowcount == 0:
        row = {"workspace_pk": pk, "name": name, "created_at": now, "modified_at": now}
        connection.execute(insert(computes).values(**row, **values))
    return get(connection, ws, name)


def remove(connection: Connection, ws: str, name: str) -> None:
    get(connection, ws, name)
    which = (computes.c.workspace_pk == key_of(connection, ws)) & (computes.c.name == name)
    connection.execute(delete(computes).where(which))


def _load(connection: Connection, ws: str, name: str | None) -> list[ComputeTarget]:
    query = (
        select(computes, workspaces.c.name.label("workspace"))
        .join(workspaces, workspaces.c.pk == computes.c.workspace_pk)
        .where(workspaces.c.name == ws)
        .order_by(computes.c.name)
    )
    if name is not None:
        query = query.where(computes.c.name == name)
    found = connection.execute(query).all()
    busy = _occupied(connection, ws) if found else {}
    return [_compute(row, busy.get(row.name, 0)) for row in found]


def _occupied(connection: Connection, ws: str) -> dict[str, int]:
    query = (
        select(runs.c.target, func.count())
        .join(workspaces, workspaces.c.pk == runs.c.workspace_pk)
        .where(workspaces.c.name == ws, runs.c.status.in_([status.value for status in OCCUPYING]))
        .group_by(runs.c.target)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _compute(row: Row[Any], running: int) -> ComputeTarget:
    return ComputeTarget(
        workspace=row.workspace,
        name=row.name,
        type=row.type,
        created_at=row.created_at,
        modified_at=row.modified_at,
        provisioning_state=row.provisioning_state,
        location=row.location,
        description=row.description,
        tags=row.tags or {},
        vm_size=row.vm_size,
        vm_priority=row.vm_priority,
        min_nodes=row.min_nodes,
        max_nodes=row.max_nodes,
        idle_seconds_before_scaledown=row.idle_seconds_before_scaledown,
        running_nodes=running,
        errors=row.errors or [],
    )
