"""Permissions of users on single experiments and registered models, and which of the two a thing belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, delete, insert, select, update

from zaffre.core.ids import now_ms
from zaffre.core.permissions import Level, Permission
from zaffre.server.store.metrics import parts
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.schema import (
    experiments,
    logged_models,
    permissions,
    registered_models,
    runs,
    traces,
    users,
    workspaces,
)


class Kind(Enum):
    """By what a request names a thing."""

    EXPERIMENT = "experiment"  # by its number, as text
    EXPERIMENT_NAME = "experiment named"
    RUN = "run"
    LOGGED_MODEL = "logged model"
    TRACE = "trace"
    MODEL = "registered model"  # by its name


@dataclass(frozen=True, slots=True)
class Thing:
    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.kind.value} {self.id!r}"


@dataclass(frozen=True, slots=True)
class Holder:
    """The experiment or the registered model on which permissions are held; one of the two is None."""

    experiment_id: int | None
    model_pk: int | None


_WORKSPACE: Final = select(workspaces.c.pk).where(workspaces.c.name == bindparam("ws")).scalar_subquery()


def _found(column: ColumnElement[Any], workspace: ColumnElement[Any], named: ColumnElement[Any]) -> Prepared:
    return Prepared(select(column).where(workspace == _WORKSPACE, named == bindparam("which")), ("ws", "which"))


_of_logged_model = Prepared(
    select(logged_models.c.experiment_id)
    .join(experiments, experiments.c.id == logged_models.c.experiment_id)
    .where(experiments.c.workspace_pk == _WORKSPACE, logged_models.c.id == bindparam("which")),
    ("ws", "which"),
)
_HOLDERS: Final[dict[Kind, Prepared]] = {
    Kind.EXPERIMENT: _found(experiments.c.id, experiments.c.workspace_pk, experiments.c.id),
    Kind.EXPERIMENT_NAME: _found(experiments.c.id, experiments.c.workspace_pk, experiments.c.name),
    Kind.RUN: _found(runs.c.experiment_id, runs.c.workspace_pk, runs.c.id),
    Kind.LOGGED_MODEL: _of_logged_model,
    Kind.TRACE: _found(traces.c.experiment_id, traces.c.workspace_pk, traces.c.id),
    Kind.MODEL: _found(registered_models.c.pk, registered_models.c.workspace_pk, registered_models.c.name),
}
_on_experiment = Prepared(
    select(permissions.c.level).where(
        permissions.c.user_pk == bindparam("user"), permissions.c.experiment_id == bindparam("which")
    ),
    ("user", "which"),
)
_on_model = Prepared(
    select(permissions.c.level).where(
        permissions.c.user_pk == bindparam("user"), permissions.c.model_pk == bindparam("which")
    ),
    ("user", "which"),
)


def holder_of(connection: Connection, ws: str, thing: Thing) -> Holder | None:
    """What a thing belongs to; None for one that the workspace does not have."""
    which: int | str = thing.id
    if thing.kind is Kind.EXPERIMENT:
        if not (thing.id.isascii() and thing.id.isdigit() and len(thing.id) <= 18):
            return None
        which = int(thing.id)
    row = _HOLDERS[thing.kind].one(connection, (ws, which))
    if row is None:
        return None
    return Holder(None, int(row[0])) if thing.kind is Kind.MODEL else Holder(int(row[0]), None)


def level_on(connection: Connection, user_pk: int, holder: Holder) -> str | None:
    """What the user was given there; None: nothing."""
    row = (
        _on_model.one(connection, (user_pk, holder.model_pk))
        if holder.experiment_id is None
        else _on_experiment.one(connection, (user_pk, holder.experiment_id))
    )
    return None if row is None else str(row[0])


def given(connection: Connection, user_pk: int | None = None) -> list[tuple[int, str]]:
    """Every level that users, or one of them, were given: the number of the user's row, and the level."""
    query = select(permissions.c.user_pk, permissions.c.level).distinct()
    if user_pk is not None:
        query = query.where(permissions.c.user_pk == user_pk)
    return [(int(row[0]), str(row[1])) for row in connection.execute(query)]


def experiments_at(connection: Connection, ws: str, user_pk: int, level: str) -> list[int]:
    """The experiments of a workspace on which the user was given just this."""
    query = (
        select(permissions.c.experiment_id)
        .join(experiments, experiments.c.id == permissions.c.experiment_id)
        .join(workspaces, workspaces.c.pk == experiments.c.workspace_pk)
        .where(workspaces.c.name == ws, permissions.c.user_pk == user_pk, permissions.c.level == level)
    )
    return sorted(int(row[0]) for row in connection.execute(query))


def models_at(connection: Connection, ws: str, user_pk: int, level: str) -> list[str]:
    """The names of the registered models on which the user was given just this."""
    query = (
        select(registered_models.c.name)
        .join(permissions, permissions.c.model_pk == registered_models.c.pk)
        .join(workspaces, workspaces.c.pk == registered_models.c.workspace_pk)
        .where(workspaces.c.name == ws, permissions.c.user_pk == user_pk, permissions.c.level == level)
    )
    return sorted(str(row[0]) for row in connection.execute(query))


def run_experiments(connection: Connection, ws: str, run_ids: Sequence[str]) -> dict[str, int]:
    """In which experiment each of these runs is, as far as there are such runs."""
    found: dict[str, int] = {}
    for some in parts(run_ids):
        query = (
            select(runs.c.id, runs.c.experiment_id)
            .join(workspaces, workspaces.c.pk == runs.c.workspace_pk)
            .where(workspaces.c.name == ws, runs.c.id.in_(some))
        )
        found.update((str(row[0]), int(row[1])) for row in connection.execute(query))
    return found


def has_in(connection: Connection, ws: str, user_pk: int, levels: Sequence[str]) -> bool:
    """Whether the user was given one of these levels on anything in the workspace."""
    held = select(permissions.c.pk).where(permissions.c.user_pk == user_pk, permissions.c.level.in_(list(levels)))
    of_experiments = held.join(experiments, experiments.c.id == permissions.c.experiment_id).join(
        workspaces, workspaces.c.pk == experiments.c.workspace_pk
    )
    of_models = held.join(registered_models, registered_models.c.pk == permissions.c.model_pk).join(
        workspaces, workspaces.c.pk == registered_models.c.workspace_pk
    )
    return any(
        connection.execute(query.where(workspaces.c.name == ws).limit(1)).first() is not None
        for query in (of_experiments, of_models)
    )


def put(connection: Connection, user_pk: int, holder: Holder, level: str, granted_by: str) -> None:
    """Give the user this level there, in the place of the one before."""
    now = now_ms()
    changed = connection.execute(
        update(permissions).where(_of(user_pk, holder)).values(level=level, granted_by=granted_by, updated_at=now)
    )
    if not changed.rowcount:
        connection.execute(
            insert(permissions).values(
                user_pk=user_pk,
                experiment_id=holder.experiment_id,
                model_pk=holder.model_pk,
                level=level,
                granted_by=granted_by,
                created_at=now,
                updated_at=now,
            )
        )


def put_maker(
    connection: Connection, user_pk: int | None, *, experiment_id: int | None = None, model_pk: int | None = None
) -> None:
    """Whoever made a thing manages it; None: the account that runs the server, which may do everything anyway."""
    if user_pk is not None:
        put(connection, user_pk, Holder(experiment_id, model_pk), Level.MANAGE.name, "")


def remove(connection: Connection, user_pk: int, holder: Holder) -> bool:
    """Take away what the user was given there; False if that was nothing."""
    return bool(connection.execute(delete(permissions).where(_of(user_pk, holder))).rowcount)


def on(connection: Connection, holder: Holder) -> list[Permission]:
    """Who was given what there, by the names of the users."""
    return _load(connection, _rows().where(_there(holder)))


def of_user(connection: Connection, user_pk: int) -> list[Permission]:
    """What a user was given anywhere."""
    return _load(connection, _rows().where(permissions.c.user_pk == user_pk))


def _of(user_pk: int, holder: Holder) -> ColumnElement[bool]:
    return and_(permissions.c.user_pk == user_pk, _there(holder))


def _there(holder: Holder) -> ColumnElement[bool]:
    if holder.experiment_id is None:
        return permissions.c.model_pk == holder.model_pk
    return permissions.c.experiment_id == holder.experiment_id


def _rows() -> Select[Any]:
    return (
        select(
            permissions,
            users.c.name.label("user"),
            experiments.c.name.label("experiment"),
            experiments.c.workspace_pk.label("experiment_workspace"),
            registered_models.c.name.label("model"),
            registered_models.c.workspace_pk.label("model_workspace"),
        )
        .join(users, users.c.pk == permissions.c.user_pk)
        .join(experiments, experiments.c.id == permissions.c.experiment_id, isouter=True)
        .join(registered_models, registered_models.c.pk == permissions.c.model_pk, isouter=True)
        .order_by(users.c.name, permissions.c.pk)
    )


def _load(connection: Connection, query: Select[Any]) -> list[Permission]:
    names: Mapping[int, str] = {
        row[0]: row[1] for row in connection.execute(select(workspaces.c.pk, workspaces.c.name))
    }
    return [_permission(row, names) for row in connection.execute(query)]


def _permission(row: Row[Any], names: Mapping[int, str]) -> Permission:
    return Permission(
        user=row.user,
        level=row.level,
        workspace=names[row.experiment_workspace if row.model is None else row.model_workspace],
        experiment=row.experiment,
        experiment_id=row.experiment_id,
        model=row.model,
        granted_by=row.granted_by,
        updated_at=row.updated_at,
    )
