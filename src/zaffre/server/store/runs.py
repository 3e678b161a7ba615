"""Runs: rows, their history of states, and the leases by which one worker at a time takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, exists, func, insert, select, update

from zaffre.core import codec
from zaffre.core.entities import Run, RunError, ScriptSpec
from zaffre.core.errors import NotFound
from zaffre.core.states import RunStatus
from zaffre.core.wire import RunEvent
from zaffre.server.store import dialect, metrics, pairs
from zaffre.server.store import workspaces as spaces
from zaffre.server.store.experiments import RunPlace
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.schema import (
    experiments,
    params,
    run_events,
    run_properties,
    run_specs,
    run_tags,
    runs,
    workspaces,
)

parents = runs.alias("parents")
roots = runs.alias("roots")

_row_of = Prepared(
    select(
        runs.c.pk,
        runs.c.experiment_id,
        runs.c.status,
        runs.c.archived_at,
        runs.c.start_time,
        runs.c.target,
        exists().where(run_specs.c.run_pk == runs.c.pk),
    ).where(
        runs.c.workspace_pk == select(workspaces.c.pk).where(workspaces.c.name == bindparam("ws")).scalar_subquery(),
        runs.c.id == bindparam("run"),
    ),
    ("ws", "run"),
)


@dataclass(frozen=True, slots=True)
class RunKey:
    """What an act must know of a run before it writes to it."""

    pk: int
    id: str
    experiment_id: int
    status: RunStatus
    archived: bool
    start_time: int | None
    target: str | None
    submitted: bool  # it has a script to execute, and so a runner


def key_of(connection: Connection, ws: str, run_id: str) -> RunKey:
    """The run with this id; raises ``NotFound``."""
    row = _row_of.one(connection, (ws, run_id))
    if row is None:
        raise missing(ws, run_id)
    return _key(run_id, row)


def find_key(connection: Connection, ws: str, run_id: str) -> RunKey | None:
    row = _row_of.one(connection, (ws, run_id))
    return None if row is None else _key(run_id, row)


def _key(run_id: str, row: tuple[Any, ...]) -> RunKey:
    pk, experiment_id, status, archived_at, start_time, target, submitted = row
    return RunKey(
        pk, run_id, experiment_id, RunStatus(status), archived_at is not None, start_time, target, bool(submitted)
    )


def missing(ws: str, run_id: str) -> NotFound:
    return NotFound(
        f"Run with id={run_id} not found in workspace {ws!r}. Check the id, and that it belongs to this workspace.",
        run_id=run_id,
        workspace=ws,
    )


# Runs with the names that their entity shows, in the order in which ``_entity`` takes them.
_ENTITY = (
    select(
        runs.c.pk,
        runs.c.id,
        workspaces.c.name,
        runs.c.experiment_id,
        experiments.c.name,
        runs.c.number,
        runs.c.display_name,
        runs.c.status,
        runs.c.created_at,
        runs.c.type,
        runs.c.description,
        runs.c.created_by,
        parents.c.id,
        roots.c.id,
        runs.c.target,
        runs.c.start_time,
        runs.c.end_time,
        runs.c.snapshot_id,
        runs.c.archived_at,
        runs.c.error,
        runs.c.waiting_for,
    )
    .join(experiments, experiments.c.id == runs.c.experiment_id)
    .join(workspaces, workspaces.c.pk == runs.c.workspace_pk)
    .outerjoin(parents, parents.c.pk == runs.c.parent_pk)
    .outerjoin(roots, roots.c.pk == runs.c.root_pk)
)
_entity_of = Prepared(_ENTITY.where(runs.c.pk == bindparam("wanted")), ("wanted",))
_entities_of = Prepared(lambda used: _ENTITY.where(dialect.among(used, runs.c.pk, "wanted")), ("wanted",))
_REQUIRED = ("workspace_pk", "experiment_id", "id", "number", "status", "created_at")
_NEW: dict[str, Any] = {
    **dict.fromkeys(_REQUIRED),
    **dict.fromkeys(("display_name", "description", "created_by"), ""),
    **dict.fromkeys(("type", "target", "start_time", "end_time", "snapshot_id")),
}
_insert = Prepared(insert(runs).returning(runs.c.pk), tuple(_NEW))
_keys_of = Prepared(
    lambda used: select(runs.c.pk, runs.c.id).where(
        runs.c.workspace_pk == bindparam("space"), dialect.among(used, runs.c.id, "ids")
    ),
    ("space", "ids"),
)
_add_event = Prepared(insert(run_events), ("run_pk", "at", "status", "reason"))


def get(connection: Connection, pk: int) -> Run:
    return load(connection, [pk])[0]


def get_new(connection: Connection, pk: int, tags: Mapping[str, str], properties: Mapping[str, str]) -> Run:
    """A run that was just made with these: it has no parameters and metrics yet."""
    row = _entity_of.all(connection, (pk,))[0]
    return _entity(row, dict(sorted(tags.items())), dict(sorted(properties.items())), {}, {})


def load(connection: Connection, pks: Sequence[int]) -> list[Run]:
    """The runs with these row numbers, in this order, with tags, properties, params and latest metrics."""
    latest = metrics.latest(connection, pks)
    if len(pks) == 1:
        found = _entity_of.all(connection, (pks[0],))
    else:
        found = _entities_of.all(connection, (dialect.many(pks),)) if pks else []
    rows = {row[0]: row for row in found}
    tags = pairs.load(connection, run_tags, pks)
    properties = pairs.load(connection, run_properties, pks)
    logged = pairs.load(connection, params, pks)
    values = {pk: {point.name: point.value for point in points} for pk, points in latest.items()}
    return [_entity(rows[pk], tags[pk], properties[pk], logged[pk], values[pk]) for pk in pks if pk in rows]


def _entity(
    row: tuple[Any, ...],
    tags: dict[str, str],
    properties: dict[str, str],
    logged: dict[str, str],
    latest: dict[str, float],
) -> Run:
    error = row[19]
    return Run(
        id=row[1],
        workspace=row[2],
        experiment_id=row[3],
        experiment_name=row[4],
        number=row[5],
        display_name=row[6],
        status=RunStatus(row[7]),
        created_at=row[8],
        type=row[9],
        description=row[10],
        created_by=row[11],
        parent_id=row[12],
        root_id=row[13],
        target=row[14],
        start_time=row[15],
        end_time=row[16],
        snapshot_id=row[17],
        archived_at=row[18],
        tags=tags,
        properties=properties,
        params=logged,
        metrics=latest,
        error=None if error is None else codec.decode(error.encode(), RunError, what="a run's error"),
        waiting_for=row[20],
    )


def add(connection: Connection, place: RunPlace, values: dict[str, Any], spec: ScriptSpec | None) -> int:
    """Insert a run in its place (``experiments.next_run``); answers its row number."""
    where = {"workspace_pk": place.workspace_pk, "experiment_id": place.experiment_id, "number": place.number}
    given = {**_NEW, **values, **where}
    row = _insert.one(connection, tuple(given.values()))
    assert row is not None, "a statement that returns its row"
    pk = int(row[0])
    if spec is not None:
        connection.execute(insert(run_specs).values(run_pk=pk, spec=codec.to_plain(spec)))
    return pk


def change(connection: Connection, pks: Sequence[int], **values: Any) -> None:
    """Set columns of runs. The status is set by ``tracking`` alone, which checks it and writes the event."""
    if len(pks) == 1 and values.get("error") is None:  # an error is the one value that a column type converts
        _change_one(tuple(values)).run(connection, (*values.values(), pks[0]))
        return
    for some in metrics.parts(pks):
        connection.execute(update(runs).where(runs.c.pk.in_(some)).values(**values))


@cache
def _change_one(names: tuple[str, ...]) -> Prepared:
    """The statement that sets these columns of one run; there are as many as ways to change a run, a few."""
    given: dict[str, BindParameter[Any]] = {name: bindparam(f"new_{name}") for name in names}
    return Prepared(
        update(runs).where(runs.c.pk == bindparam("which")).values(given), (*(p.key for p in given.values()), "which")
    )


def archive_with(connection: Connection, experiment_id: int, at: int | None) -> None:
    """Archive the active runs of an experiment at ``at``; with None, restore those that were archived so."""
    of_experiment = update(runs).where(runs.c.experiment_id == experiment_id)
    if at is None:
        back = of_experiment.where(runs.c.archived_with_experiment == 1)
        connection.execute(back.values(archived_at=None, archived_with_experiment=0))
    else:
        connection.execute(
            of_experiment.where(runs.c.archived_at.is_(None)).values(archived_at=at, archived_with_experiment=1)
        )


def spec(connection: Connection, pk: int) -> ScriptSpec | None:
    """What a submitted run executes; None for a run that was not submitted."""
    found = connection.execute(select(run_specs.c.spec).where(run_specs.c.run_pk == pk)).scalar()
    return None if found is None else codec.convert(found, ScriptSpec, what="a run's spec")


def add_event(connection: Connection, pk: int, at: int, status: RunStatus, reason: str) -> None:
    _add_event.run(connection, (pk, at, status.value, reason))


def events(connection: Connection, pk: int) -> list[RunEvent]:
    """The states of a run, oldest first."""
    statement = select(run_events).where(run_events.c.run_pk == pk).order_by(run_events.c.pk)
    return [
        RunEvent(at=row.at, status=RunStatus(row.status), reason=row.reason) for row in connection.execute(statement)
    ]


def child_counts(connection: Connection, ws: str, run_ids: Sequence[str]) -> dict[str, int]:
    """How many children that are not deleted each of these runs has; runs without any are left out."""
    counted = (
        select(parents.c.id, func.count())
        .join(runs, runs.c.parent_pk == parents.c.pk)
        .where(parents.c.pk.in_(list(keys_of(connection, ws, run_ids))), runs.c.archived_at.is_(None))
        .group_by(parents.c.id)
    )
    return {row[0]: row[1] for row in connection.execute(counted)}


def descendants(connection: Connection, pk: int) -> list[int]:
    """The row numbers of a run's children, their children, and so on."""
    family = select(runs.c.pk).where(runs.c.parent_pk == pk).cte("family", recursive=True)
    family = family.union(select(runs.c.pk).join(family, runs.c.parent_pk == family.c.pk))
    return [int(found) for found in connection.execute(select(family.c.pk).order_by(family.c.pk)).scalars()]


def ancestors(connection: Connection, pk: int) -> list[int]:
    """The row numbers of a run's parent, its parent, and so on."""
    line = select(runs.c.parent_pk).where(runs.c.pk == pk).cte("line", recursive=True)
    line = line.union(select(runs.c.parent_pk).join(line, runs.c.pk == line.c.parent_pk))
    return [int(found) for found in connection.execute(select(line.c.parent_pk)).scalars() if found is not None]


def adopt(connection: Connection, pk: int, parent_pk: int) -> None:
    """Make a run the child of another; both it and its descendants then have the root of their new line."""
    root = connection.execute(select(func.coalesce(runs.c.root_pk, runs.c.pk)).where(runs.c.pk == parent_pk)).scalar()
    change(connection, [pk], parent_pk=parent_pk)
    change(connection, [pk, *descendants(connection, pk)], root_pk=root)


def ids(connection: Connection, pks: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for some in metrics.parts(pks):
        rows = connection.execute(select(runs.c.pk, runs.c.id).where(runs.c.pk.in_(some)))
        found.update((int(row.pk), str(row.id)) for row in rows)
    return found


def keys_of(connection: Connection, ws: str, run_ids: Sequence[str]) -> dict[int, str]:
    """Row number -> id, of those runs that exist."""
    return dict(_keys_of.all(connection, (spaces.key_of(connection, ws), dialect.many(run_ids))))


def ids_of_experiment(connection: Connection, experiment_id: int) -> list[str]:
    """The ids of all runs of an experiment, archived ones too."""
    return list(connection.execute(select(runs.c.id).where(runs.c.experiment_id == experiment_id)).scalars())


def beat(connection: Connection, pk: int, now: int) -> None:
    connection.execute(update(runs).where(runs.c.pk == pk).values(heartbeat_at=now))


def silent(connection: Connection, statuses: Iterable[RunStatus], before: int) -> list[Run]:
    """Runs in one of ``statuses`` whose last heartbeat is older than ``before``; a run that never beat is not meant."""
    wanted = [status.value for status in statuses]
    statement = select(runs.c.pk).where(runs.c.status.in_(wanted), runs.c.heartbeat_at < before).order_by(runs.c.pk)
    return load(connection, connection.execute(statement).scalars().all())


def waiting(connection: Connection, statuses: Iterable[RunStatus], now: int, *, limit: int = 100) -> list[Run]:
    """Submitted runs, not for "local", in one of ``statuses`` and without a lease that holds; the oldest first."""
    statement = (
        select(runs.c.pk)
        .join(run_specs, run_specs.c.run_pk == runs.c.pk)
        .where(
            runs.c.status.in_([status.value for status in statuses]),
            runs.c.target != "local",
            runs.c.archived_at.is_(None),
            (runs.c.lease_until.is_(None)) | (runs.c.lease_until < now),
        )
        .order_by(runs.c.pk)
        .limit(limit)
    )
    return load(connection, connection.execute(statement).scalars().all())


def count_on(connection: Connection, ws: str, target: str, statuses: Iterable[RunStatus]) -> int:
    """How many runs of a compute target are in one of ``statuses``."""
    statement = (
        select(func.count())
        .select_from(runs.join(workspaces, workspaces.c.pk == runs.c.workspace_pk))
        .where(
            workspaces.c.name == ws, runs.c.target == target, runs.c.status.in_([status.value for status in statuses])
        )
    )
    return int(connection.execute(statement).scalar_one())


def lease(connection: Connection, pk: int, token: str, until: int, now: int) -> bool:
    """Take the lease on a run, or prolong one's own; False while another worker's holds."""
    free = (runs.c.lease_until.is_(None)) | (runs.c.lease_until < now) | (runs.c.lease_token == token)
    done = connection.execute(update(runs).where(runs.c.pk == pk, free).values(lease_token=token, lease_until=until))
    return int(done.rowcount) == 1


def is_taken(connection: Connection, pk: int, now: int) -> bool:
    """Whether a worker holds the lease on a run, or a runner has reported for it."""
    taken = (runs.c.lease_until >= now) | runs.c.heartbeat_at.is_not(None)
    return connection.execute(select(runs.c.pk).where(runs.c.pk == pk, taken)).first() is not None


def holds(connection: Connection, pk: int, token: str) -> bool:
    """Whether the lease that ``token`` took still stands: only then may its holder apply what it found."""
    return connection.execute(select(runs.c.pk).where(runs.c.pk == pk, runs.c.lease_token == token)).first() is not None


def release(connection: Connection, pk: int, token: str) -> None:
    connection.execute(
        update(runs).where(runs.c.pk == pk, runs.c.lease_token == token).values(lease_token=None, lease_until=None)
    )
