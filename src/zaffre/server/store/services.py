"""Services: rows, and the models each was given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from zaffre.core import codec
from zaffre.core.entities import DeploymentStep, RunError, Service
from zaffre.core.errors import WebserviceNotFound
from zaffre.core.states import ServiceState
from zaffre.server.store import service_telemetry
from zaffre.server.store.metrics import parts
from zaffre.server.store.schema import endpoint_versions, service_keys, service_models, services, workspaces
from zaffre.server.store.service_keys import KEYS, TOKENS
from zaffre.server.store.workspaces import key_of


def find(connection: Connection, ws: str, name: str) -> Service | None:
    """The service, also one that is being deleted."""
    found = _load(connection, _rows().where(workspaces.c.name == ws, services.c.name == name))
    return found[0] if found else None


def get(connection: Connection, ws: str, name: str) -> Service:
    """Raises ``WebserviceNotFound``."""
    found = find(connection, ws, name)
    if found is None:
        key_of(connection, ws)
        raise missing(ws, name)
    return found


def missing(ws: str, name: str) -> WebserviceNotFound:
    return WebserviceNotFound(
        f"WebserviceNotFound: Webservice with name {name} not found in provided workspace {ws}. Deploy it first, or "
        "check the name.",
        service=name,
        workspace=ws,
    )


def list_all(connection: Connection, ws: str, *, model: str | None = None) -> list[Service]:
    """The services that are not being deleted, by name; with ``model`` ("name" or "name:version") those given it.

    Versions are not among them: their endpoint is, and is given what they are.
    """
    key_of(connection, ws)
    query = _rows().where(workspaces.c.name == ws, services.c.state != ServiceState.DELETED.value)
    query = query.where(services.c.pk.not_in(select(endpoint_versions.c.service_pk)))
    if model is not None:
        name, _, version = model.partition(":")
        given = select(service_models.c.service_pk).where(service_models.c.model == name)
        if version:
            given = given.where(service_models.c.version == int(version))
        query = query.where(services.c.pk.in_(given))
    return _load(connection, query.order_by(services.c.name))


def silent(connection: Connection, states: Iterable[ServiceState], before: int) -> list[Service]:
    """Services in one of ``states`` whose supervisor was last heard of, or which were changed, before a time."""
    wanted = [state.value for state in states]
    query = _rows().where(
        services.c.state.in_(wanted),
        services.c.updated_at < before,
        (services.c.heartbeat_at.is_(None)) | (services.c.heartbeat_at < before),
    )
    return _load(connection, query.order_by(services.c.pk))


def of_types(connection: Connection, compute_types: Iterable[str]) -> list[Service]:
    """The services of every workspace that run on such targets, also those that are being deleted."""
    return _load(connection, _rows().where(services.c.compute_type.in_(list(compute_types))).order_by(services.c.pk))


def with_keys(connection: Connection, keys: Sequence[int]) -> dict[int, Service]:
    """Services by the keys of their rows."""
    found = connection.execute(_rows().where(services.c.pk.in_(list(keys))).order_by(services.c.pk)).all()
    return dict(zip((row.pk for row in found), _of_rows(connection, found), strict=True))


def pk_of(connection: Connection, ws: str, name: str) -> int:
    """The key of a service's row. Raises ``WebserviceNotFound``."""
    which = (services.c.workspace_pk == key_of(connection, ws)) & (services.c.name == name)
    found: int | None = connection.execute(select(services.c.pk).where(which)).scalar()
    if found is None:
        raise missing(ws, name)
    return found


def put(connection: Connection, ws: str, name: str, values: dict[str, Any]) -> Service:
    """Insert a service, or set columns of the one that is there."""
    pk = key_of(connection, ws)
    which = (services.c.workspace_pk == pk) & (services.c.name == name)
    if connection.execute(update(services).where(which).values(**values)).rowcount == 0:
        connection.execute(insert(services).values(workspace_pk=pk, name=name, **values))
    return get(connection, ws, name)


def change(connection: Connection, ws: str, name: str, **values: Any) -> Service:
    which = (services.c.workspace_pk == key_of(connection, ws)) & (services.c.name == name)
    connection.execute(update(services).where(which).values(**values))
    return get(connection, ws, name)


def touch(connection: Connection, ws: str, name: str, now: int) -> None:
    """Say that a service changed, if it is there."""
    which = (services.c.workspace_pk == key_of(connection, ws)) & (services.c.name == name)
    connection.execute(update(services).where(which).values(updated_at=now))


def set_models(connection: Connection, ws: str, name: str, given: Sequence[tuple[str, int]]) -> None:
    """Replace the models of a service, in this order."""
    pk = connection.execute(
        select(services.c.pk).where(services.c.workspace_pk == key_of(connection, ws), services.c.name == name)
    ).scalar_one()
    connection.execute(delete(service_models).where(service_models.c.service_pk == pk))
    rows = [
        {"service_pk": pk, "position": position, "model": model, "version": version}
        for position, (model, version) in enumerate(given)
    ]
    if rows:
        connection.execute(insert(service_models), rows)


def remove(connection: Connection, ws: str, name: str) -> None:
    """Delete a service. What a version has answered stays with its endpoint."""
    service_telemetry.pass_on(connection, ws, name)
    which = (services.c.workspace_pk == key_of(connection, ws)) & (services.c.name == name)
    connection.execute(delete(services).where(which))


def _rows() -> Select[Any]:
    keys = (service_keys.c.enabled.label("keys_enabled"), service_keys.c.changed_at.label("keys_changed_at"))
    return (
        select(services, workspaces.c.name.label("workspace"), *keys)
        .join(workspaces, workspaces.c.pk == services.c.workspace_pk)
        .join(service_keys, service_keys.c.service_pk == services.c.pk, isouter=True)
    )


def _load(connection: Connection, query: Select[Any]) -> list[Service]:
    return _of_rows(connection, connection.execute(query).all())


def _of_rows(connection: Connection, found: Sequence[Row[Any]]) -> list[Service]:
    models: dict[int, list[str]] = {row.pk: [] for row in found}
    for some in parts(list(models)):
        given = select(service_models).where(service_models.c.service_pk.in_(some))
        for row in connection.execute(given.order_by(service_models.c.service_pk, service_models.c.position)):
            models[row.service_pk].append(f"{row.model}:{row.version}")
    return [_service(row, models[row.pk]) for row in found]


def _service(row: Row[Any], models: list[str]) -> Service:
    return Service(
        workspace=row.workspace,
        name=row.name,
        compute_type=row.compute_type,
        state=ServiceState(row.state),
        created_at=row.created_at,
        updated_at=row.updated_at,
        revision=row.revision,
        created_by=row.created_by,
        description=row.description,
        tags=row.tags or {},
        properties=row.properties or {},
        models=models,
        spec=row.spec,
        scoring_uri=row.scoring_uri,
        swagger_uri=row.swagger_uri,
        port=row.port,
        host=row.host,
        pid=row.pid,
        steps=codec.convert(row.steps or [], list[DeploymentStep], what="a service's steps"),
        error=None if row.error is None else codec.convert(row.error, RunError, what="a service's error"),
        heartbeat_at=row.heartbeat_at,
        auth_enabled=row.keys_enabled == KEYS,
        token_auth_enabled=row.keys_enabled == TOKENS,
        keys_changed_at=row.keys_changed_at,
    )
