"""Experiments: rows, tags, and searching them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, insert, select, update

from zaffre.core.entities import Experiment
from zaffre.core.errors import NotFound
from zaffre.core.filters import Condition, Entity, Filter, Op, Ordering
from zaffre.server.store import pairs
from zaffre.server.store import workspaces as spaces
from zaffre.server.store.compare import Clause, clauses, compare, compare_pair
from zaffre.server.store.paging import Found, Sort, cut, page
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.schema import experiment_tags, experiments, workspaces

_ATTRIBUTES: dict[str, ColumnElement[Any]] = {
    "name": experiments.c.name,
    "experiment_id": experiments.c.id,
    "creation_time": experiments.c.created_at,
    "last_update_time": experiments.c.updated_at,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentQuery:
    """Which experiments of a workspace, and in which order; without one, the newest first.

    ``tags`` maps a key to its value, or to None where any value will do. ``view`` is active, archived or all.
    """

    filter: Filter = ()
    order: Ordering = ()
    view: str = "active"
    tags: Mapping[str, str | None] = field(default_factory=dict)
    hidden: Sequence[int] = ()  # none of these


# In the order in which ``load`` takes them.
_ROWS = select(
    experiments.c.id,
    workspaces.c.name.label("workspace"),
    experiments.c.name,
    experiments.c.artifact_location,
    experiments.c.created_at,
    experiments.c.updated_at,
    experiments.c.archived_at,
).join(workspaces, workspaces.c.pk == experiments.c.workspace_pk)
_by_id = Prepared(
    _ROWS.where(workspaces.c.name == bindparam("ws"), experiments.c.id == bindparam("which")), ("ws", "which")
)
_by_name = Prepared(
    _ROWS.where(workspaces.c.name == bindparam("ws"), experiments.c.name == bindparam("which")), ("ws", "which")
)
_next_run = Prepared(
    update(experiments)
    .where(
        experiments.c.id == bindparam("which"),
        experiments.c.workspace_pk
        == select(workspaces.c.pk).where(workspaces.c.name == bindparam("ws")).scalar_subquery(),
    )
    .values(last_run_number=experiments.c.last_run_number + 1)
    .returning(
        experiments.c.workspace_pk,
        experiments.c.last_run_number,
        experiments.c.name,
        experiments.c.artifact_location,
        experiments.c.archived_at,
    ),
    ("which", "ws"),
)
_location = Prepared(select(experiments.c.artifact_location).where(experiments.c.id == bindparam("which")), ("which",))


def load(connection: Connection, found: Sequence[Sequence[Any]]) -> list[Experiment]:
    tags = pairs.load(connection, experiment_tags, [row[0] for row in found])
    return [
        Experiment(
            id=row[0],
            workspace=row[1],
            name=row[2],
            artifact_location=row[3],
            created_at=row[4],
            updated_at=row[5],
            archived_at=row[6],
            tags=tags[row[0]],
        )
        for row in found
    ]


def find(connection: Connection, ws: str, *, id: int | None = None, name: str | None = None) -> Experiment | None:
    """The experiment with this id or name, archived or not."""
    statement, which = (_by_id, id) if name is None else (_by_name, name)
    found = load(connection, statement.all(connection, (ws, which)))
    return found[0] if found else None


def get(connection: Connection, ws: str, experiment_id: int) -> Experiment:
    found = find(connection, ws, id=experiment_id)
    if found is None:
        raise _missing(ws, experiment_id)
    return found


def _missing(ws: str, experiment_id: int) -> NotFound:
    return NotFound(
        f"No Experiment with id={experiment_id} exists in workspace {ws!r}.",
        experiment_id=experiment_id,
        workspace=ws,
    )


@dataclass(frozen=True, slots=True)
class RunPlace:
    """What a new run must know of its experiment, and the number that it has there."""

    experiment_id: int
    workspace_pk: int
    number: int
    name: str
    artifact_location: str
    archived: bool


def next_run(connection: Connection, ws: str, experiment_id: int) -> RunPlace:
    """The place of the next run of an experiment; each call takes a number. Raises ``NotFound``."""
    row = _next_run.one(connection, (experiment_id, ws))
    if row is None:
        raise _missing(ws, experiment_id)
    workspace_pk, number, name, place, archived_at = row
    return RunPlace(experiment_id, workspace_pk, number, name, place, archived_at is not None)


def location(connection: Connection, experiment_id: int) -> str:
    """Where the files of an experiment that is there are kept."""
    row = _location.one(connection, (experiment_id,))
    return "" if row is None else str(row[0])


def get_named(connection: Connection, ws: str, name: str) -> Experiment:
    found = find(connection, ws, name=name)
    if found is None:
        raise NotFound(
            f"Could not find experiment with name {name!r} in workspace {ws!r}.", experiment=name, workspace=ws
        )
    return found


def add(connection: Connection, ws: str, name: str, location: str | None, now: int) -> int:
    """Insert an experiment and answer its id. No ``location``: the artifact store, under the id."""
    experiment_id = connection.execute(
        insert(experiments)
        .values(
            workspace_pk=spaces.key_of(connection, ws),
            name=name,
            artifact_location=location or "",
            created_at=now,
            updated_at=now,
        )
        .returning(experiments.c.id)
    ).scalar_one()
    if not location:
        change(connection, experiment_id, artifact_location=f"mlflow-artifacts:/{experiment_id}")
    return int(experiment_id)


def change(connection: Connection, experiment_id: int, **values: Any) -> None:
    connection.execute(update(experiments).where(experiments.c.id == experiment_id).values(**values))


def remove(connection: Connection, experiment_id: int) -> None:
    """Delete an experiment with its runs and everything they logged; their files are the caller's to delete."""
    connection.execute(delete(experiments).where(experiments.c.id == experiment_id))


def search(
    connection: Connection, ws: str, query: ExperimentQuery, *, limit: int, after: str | None = None
) -> Found[Experiment]:
    """One page of experiments. Raises ``InvalidValue`` for a token of another search."""
    sorts = [Sort(_ATTRIBUTES[key.key], key.descending) for key in query.order]
    if not sorts:
        sorts = [Sort(experiments.c.created_at, descending=True)]
    sorts.append(Sort(experiments.c.id))
    found, token = cut(connection.execute(page(_select(ws, query), sorts, after, limit)).all(), sorts, limit)
    return Found(load(connection, found), token)


def _select(ws: str, query: ExperimentQuery) -> Select[Any]:
    statement = _ROWS.where(workspaces.c.name == ws)
    if query.view != "all":
        archived = experiments.c.archived_at
        statement = statement.where(archived.is_not(None) if query.view == "archived" else archived.is_(None))
    for key, value in query.tags.items():
        wanted = Condition(Entity.TAG, key, Op.IS_NOT_NULL if value is None else Op.EQ, value)
        statement = statement.where(compare_pair(experiment_tags, experiments.c.id, wanted))
    if query.hidden:
        statement = statement.where(experiments.c.id.not_in(list(query.hidden)))
    return statement.where(*clauses(query.filter, _BY_ENTITY))


def _attribute(condition: Condition) -> ColumnElement[bool]:
    if condition.key != "experiment_id":
        return compare(_ATTRIBUTES[condition.key], condition)
    # Ids are numbers here and text in the grammar; text that is no number names no experiment.
    given = condition.value if isinstance(condition.value, tuple) else (str(condition.value),)
    numbers = [int(text) for text in given if text.isdecimal()]
    negative = condition.op in (Op.NE, Op.NOT_IN)
    return experiments.c.id.not_in(numbers) if negative else experiments.c.id.in_(numbers)


_BY_ENTITY: dict[Entity, Clause] = {
    Entity.ATTRIBUTE: _attribute,
    Entity.TAG: partial(compare_pair, experiment_tags, experiments.c.id),
}
