"""Searching runs: which runs, in which order, one page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, intersect, select

from zaffre.core.entities import Run
from zaffre.core.errors import InvalidValue
from zaffre.core.filters import Condition, Entity, Filter, Op, Ordering, OrderKey
from zaffre.core.states import RunStatus
from zaffre.server.store import runs as rows
from zaffre.server.store.compare import (
    Clause,
    clauses,
    compare,
    compare_number,
    compare_pair,
    like_value,
    number_sorts,
    pair_sort,
)
from zaffre.server.store.paging import Found, Sort, cut, page
from zaffre.server.store.schema import (
    datasets,
    experiments,
    params,
    run_datasets,
    run_properties,
    run_tags,
    runs,
    series,
    workspaces,
)

NAME_TAG = "mlflow.runName"  # MLflow's mirror of the display name; kept only as the display name
PARENT_TAG = "mlflow.parentRunId"  # MLflow's way to name the parent

_ATTRIBUTES: dict[str, ColumnElement[Any]] = {
    "run_id": runs.c.id,
    "run_name": runs.c.display_name,
    "user_id": runs.c.created_by,
    "status": runs.c.status,
    "artifact_uri": experiments.c.artifact_location + "/" + runs.c.id + "/artifacts",
    "start_time": runs.c.start_time,
    "end_time": runs.c.end_time,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which runs of a workspace, and in which order. Absent means any; all that is given must hold.

    ``tags`` and ``properties`` map a key to its value, or to None where any value will do. ``view`` is active, archived
    or all. ``newest`` orders by creation, newest first; else ``order``, and behind it start time, newest first.
    """

    experiment_ids: Sequence[int] | None = None
    ids: Sequence[str] | None = None
    filter: Filter = ()
    order: Ordering = ()
    newest: bool = False
    view: str = "active"
    statuses: Sequence[RunStatus] | None = None
    types: Sequence[str] | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)
    properties: Mapping[str, str | None] = field(default_factory=dict)
    parent_id: str | None = None
    top_level: bool = False  # only runs without a parent
    target: str | None = None


def search(connection: Connection, ws: str, query: RunQuery, *, limit: int, after: str | None = None) -> Found[Run]:
    """One page of runs. Raises ``InvalidValue`` for a token of another search."""
    found = connection.execute(statement(ws, query, limit=limit, after=after)).all()
    shown, token = cut(found, _sorts(query), limit)
    return Found(rows.load(connection, shown), token)


def statement(ws: str, query: RunQuery, *, limit: int, after: str | None) -> Select[Any]:
    """The query as SQL: one page of ``store.runs.rows()``, one row longer than ``limit``."""
    return page(_select(ws, query), _sorts(query), after, limit)


def count(connection: Connection, ws: str, query: RunQuery) -> int:
    """How many runs the query finds, on all pages together."""
    return int(
        connection.execute(select(func.count()).select_from(_select(ws, query).order_by(None).subquery())).scalar_one()
    )


def _select(ws: str, query: RunQuery) -> Select[Any]:
    # Asked of the experiments where those are named, else SQLite walks all runs of the workspace to find them.
    placed = runs if query.experiment_ids is None else experiments
    selected = rows.rows().where(
        placed.c.workspace_pk == select(workspaces.c.pk).where(workspaces.c.name == ws).scalar_subquery()
    )
    if query.view != "all":
        archived = runs.c.archived_at.is_not(None) if query.view == "archived" else runs.c.archived_at.is_(None)
        selected = selected.where(archived)
    valued = _valued(query)
    if valued:
        selected = selected.where(runs.c.pk.in_(valued[0] if len(valued) == 1 else intersect(*valued)))
    if query.experiment_ids is not None:
        # Where the runs come from the index by values, the plus keeps SQLite from walking the experiment all the same.
        of_experiment = runs.c.experiment_id.op("+")(0) if valued else runs.c.experiment_id
        selected = selected.where(of_experiment.in_(list(query.experiment_ids)))
    if query.ids is not None:
        selected = selected.where(runs.c.id.in_(list(query.ids)))
    if query.statuses is not None:
        selected = selected.where(runs.c.status.in_([status.value for status in query.statuses]))
    if query.types is not None:
        selected = selected.where(runs.c.type.in_(list(query.types)))
    if query.target is not None:
        selected = selected.where(runs.c.target == query.target)
    if query.parent_id is not None:
        selected = selected.where(rows.parents.c.id == query.parent_id)
    if query.top_level:
        selected = selected.where(runs.c.parent_pk.is_(None))
    for table, wanted in ((run_tags, query.tags), (run_properties, query.properties)):
        for key, value in wanted.items():
            selected = selected.where(compare_pair(table, runs.c.pk, _pair(key, value)))
    return selected.where(*clauses(query.filter, _BY_ENTITY))


def _valued(query: RunQuery) -> list[Select[Any]]:
    """Where to look, for each condition that a tag or parameter equals a value; the condition itself is still asked.

    Nothing for a search by start time, which walks its own index and stops when the page is full.
    """
    if not query.order or query.order[0].entity is Entity.ATTRIBUTE:
        return []
    tables = {Entity.TAG: run_tags, Entity.PARAM: params}
    return [
        like_value(tables[found.entity], found.key, found.value)
        for found in query.filter
        if found.entity in tables
        and found.op is Op.EQ
        and isinstance(found.value, str)
        and found.key not in (NAME_TAG, PARENT_TAG)
    ]


def _pair(key: str, value: str | None) -> Condition:
    return Condition(Entity.TAG, key, Op.IS_NOT_NULL if value is None else Op.EQ, value)


def _attribute(condition: Condition) -> ColumnElement[bool]:
    return compare(_ATTRIBUTES[condition.key], condition)


def _tag(condition: Condition) -> ColumnElement[bool]:
    if condition.key == NAME_TAG:
        return compare(runs.c.display_name, condition)
    if condition.key == PARENT_TAG:
        # A child made through the SDK has a parent and no tag; one whose tag names no run of ours, the other way round.
        tag = select(run_tags.c.value).where(run_tags.c.run_pk == runs.c.pk, run_tags.c.key == PARENT_TAG)
        return compare(func.coalesce(rows.parents.c.id, tag.scalar_subquery()), condition)
    return compare_pair(run_tags, runs.c.pk, condition)


def _metric(condition: Condition) -> ColumnElement[bool]:
    there = exists().where(series.c.run_pk == runs.c.pk, series.c.name == condition.key)
    return there.where(compare_number(series.c.last_value, condition))


def _dataset(condition: Condition) -> ColumnElement[bool]:
    column = {"name": datasets.c.name, "digest": datasets.c.digest, "context": run_datasets.c.context}[condition.key]
    return exists().where(
        run_datasets.c.run_pk == runs.c.pk, datasets.c.pk == run_datasets.c.dataset_pk, compare(column, condition)
    )


_BY_ENTITY: dict[Entity, Clause] = {
    Entity.ATTRIBUTE: _attribute,
    Entity.METRIC: _metric,
    Entity.PARAM: partial(compare_pair, params, runs.c.pk),
    Entity.TAG: _tag,
    Entity.DATASET: _dataset,
}


def _sorts(query: RunQuery) -> list[Sort]:
    if query.newest:
        return [Sort(runs.c.pk, descending=True)]
    sorts = [sort for key in query.order for sort in _sort(key)]
    if not any(key.entity is Entity.ATTRIBUTE and key.key == "start_time" for key in query.order):
        sorts.append(Sort(runs.c.start_time, descending=True, nullable=True))
    return [*sorts, Sort(runs.c.id)]


def _sort(key: OrderKey) -> list[Sort]:
    if key.entity is Entity.ATTRIBUTE:
        return [Sort(_ATTRIBUTES[key.key], key.descending, nullable=key.key in ("start_time", "end_time"))]
    if key.entity is Entity.TAG and key.key == NAME_TAG:
        return [Sort(runs.c.display_name, key.descending)]
    if key.entity is Entity.TAG and key.key == PARENT_TAG:
        return [Sort(rows.parents.c.id, key.descending, nullable=True)]
    if key.entity is Entity.TAG:
        return [pair_sort(run_tags, runs.c.pk, key)]
    if key.entity is Entity.PARAM:
        return [pair_sort(params, runs.c.pk, key)]
    if key.entity is not Entity.METRIC:
        raise InvalidValue(f"Runs cannot be ordered by {key.entity.value} {key.key!r}.")
    of_run = (series.c.run_pk == runs.c.pk) & (series.c.name == key.key)
    there = select(series.c.run_pk).where(of_run).scalar_subquery()
    value = select(series.c.last_value).where(of_run).scalar_subquery()
    return number_sorts(there, value, descending=key.descending)
