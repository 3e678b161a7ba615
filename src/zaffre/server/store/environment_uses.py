"""The environments that runs and services really got, with their locks: one row for each lock, however often used."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, select

from zaffre.core.codec import convert, to_plain
from zaffre.core.entities import EnvironmentLock, EnvironmentUse
from zaffre.server.store import dialect, runs
from zaffre.server.store.schema import (
    environment_builds,
    environment_locks,
    environment_uses,
    services,
    workspaces,
)
from zaffre.server.store.schema import runs as runs_table
from zaffre.server.store.services import missing
from zaffre.server.store.workspaces import key_of

_USES = environment_uses.c


def put_for_run(connection: Connection, ws: str, run_id: str, use: EnvironmentUse) -> None:
    """Keep the run's environment, in the place of one told before. Raises ``NotFound``."""
    pk = runs.key_of(connection, ws, run_id).pk
    connection.execute(environment_uses.delete().where(_USES.run_pk == pk))
    _add(connection, ws, use, run_pk=pk)


def put_for_service(connection: Connection, ws: str, name: str, use: EnvironmentUse) -> None:
    """Keep the environment of a service's revision, in the place of one told before. Raises ``WebserviceNotFound``."""
    pk = _service_key(connection, ws, name)
    same = (_USES.service_pk == pk, _USES.revision == use.revision)
    connection.execute(environment_uses.delete().where(*same))
    _add(connection, ws, use, service_pk=pk, revision=use.revision)


def of_run(connection: Connection, ws: str, run_id: str) -> EnvironmentUse | None:
    pk = runs.key_of(connection, ws, run_id).pk
    return _first(connection, _query(ws).where(_USES.run_pk == pk))


def of_service(connection: Connection, ws: str, name: str, revision: int | None) -> EnvironmentUse | None:
    """The environment of a revision, by default of the newest that has one."""
    query = _query(ws).where(_USES.service_pk == _service_key(connection, ws, name))
    if revision is not None:
        query = query.where(_USES.revision == revision)
    return _first(connection, query.order_by(_USES.revision.desc()))


def of_environment(connection: Connection, ws: str, name: str, limit: int) -> list[EnvironmentUse]:
    """Who used an environment of that name, the newest first."""
    key_of(connection, ws)
    found = connection.execute(_query(ws).where(_USES.name == name).order_by(_USES.pk.desc()).limit(limit))
    return [_use(row) for row in found]


def _service_key(connection: Connection, ws: str, name: str) -> int:
    query = select(services.c.pk).join(workspaces, workspaces.c.pk == services.c.workspace_pk)
    pk = connection.execute(query.where(workspaces.c.name == ws, services.c.name == name)).scalar()
    if pk is None:
        raise missing(ws, name)
    return int(pk)


def _add(connection: Connection, ws: str, use: EnvironmentUse, **owner: int | None) -> None:
    if use.lock is not None:
        # What is there already has the same content: the key is made of it.
        row = {"key": use.lock.key, "content": to_plain(use.lock), "created_at": use.at}
        connection.execute(dialect.upsert(connection.dialect, environment_locks, ("key",), ("created_at",)), [row])
    added = environment_uses.insert().values(
        workspace_pk=key_of(connection, ws),
        name=use.name,
        version=use.version,
        lock_key=use.lock.key if use.lock else None,
        interpreter=use.interpreter,
        reused=int(use.reused),
        seconds=use.seconds,
        notes=use.notes,
        at=use.at,
        **owner,
    )
    pk = connection.execute(added.returning(_USES.pk)).scalar_one()
    if use.split:
        connection.execute(environment_builds.insert().values(use_pk=pk, split=use.split))


def _query(ws: str) -> Select[Any]:
    return (
        select(
            environment_uses,
            environment_locks.c.content,
            environment_builds.c.split,
            runs_table.c.id.label("run_id"),
            services.c.name.label("service"),
        )
        .join(workspaces, workspaces.c.pk == _USES.workspace_pk)
        .outerjoin(environment_locks, environment_locks.c.key == _USES.lock_key)
        .outerjoin(environment_builds, environment_builds.c.use_pk == _USES.pk)
        .outerjoin(runs_table, runs_table.c.pk == _USES.run_pk)
        .outerjoin(services, services.c.pk == _USES.service_pk)
        .where(workspaces.c.name == ws)
    )


def _first(connection: Connection, query: Select[Any]) -> EnvironmentUse | None:
    row = connection.execute(query.limit(1)).first()
    return None if row is None else _use(row)


def _use(row: Row[Any]) -> EnvironmentUse:
    return EnvironmentUse(
        name=row.name,
        version=row.version,
        lock=None if row.content is None else convert(row.content, EnvironmentLock, what="a lock"),
        interpreter=row.interpreter,
        reused=bool(row.reused),
        seconds=row.seconds or 0.0,
        split=row.split or {},
        notes=row.notes or [],
        at=row.at,
        run_id=row.run_id,
        service=row.service,
        revision=row.revision,
    )
