"""Models that MLflow 3 clients logged: rows, parameters, tags, metrics, and searching them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, insert, or_, select, true, update

from zaffre.core.entities import LoggedModel, ModelMetric
from zaffre.core.errors import NotFound
from zaffre.core.filters import Condition, Entity, Filter, Ordering, OrderKey
from zaffre.server.store import dialect, pairs
from zaffre.server.store.compare import Clause, clauses, compare, compare_number, compare_pair, number_sorts, pair_sort
from zaffre.server.store.metrics import parts
from zaffre.server.store.paging import Found, Sort, cut, page
from zaffre.server.store.schema import (
    experiments,
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    logged_models,
    workspaces,
)

Dataset = tuple[str, str | None]  # a name, and a digest where only that version is meant

_METRIC_KEY = ("model_id", "name", "run_id", "dataset_name", "dataset_digest", "step", "timestamp")
_ATTRIBUTES: dict[str, ColumnElement[Any]] = {
    "name": logged_models.c.name,
    "model_id": logged_models.c.id,
    "model_type": logged_models.c.model_type,
    "status": logged_models.c.status,
    "source_run_id": logged_models.c.source_run_id,
    "creation_timestamp": logged_models.c.created_at,
    "last_updated_timestamp": logged_models.c.updated_at,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelQuery:
    """Which logged models of some experiments, and in which order; without one, the newest first.

    Clauses about metrics mean the latest value. ``datasets``: they mean the metric as measured on one of these; without
    such clauses, only models with any metric on one of these.
    """

    experiment_ids: Sequence[int]
    filter: Filter = ()
    order: Ordering = ()
    datasets: Sequence[Dataset] = ()


def rows() -> Select[Any]:
    return (
        select(logged_models, workspaces.c.name.label("workspace"))
        .join(experiments, experiments.c.id == logged_models.c.experiment_id)
        .join(workspaces, workspaces.c.pk == experiments.c.workspace_pk)
    )


def add(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(insert(logged_models).values(**values))


def change(connection: Connection, model_id: str, **values: Any) -> None:
    connection.execute(update(logged_models).where(logged_models.c.id == model_id).values(**values))


def get(connection: Connection, ws: str, model_id: str, *, deleted: bool = False) -> LoggedModel:
    """The model with this id; a deleted one only if asked for. Raises ``NotFound``."""
    statement = rows().where(workspaces.c.name == ws, logged_models.c.id == model_id)
    if not deleted:
        statement = statement.where(logged_models.c.deleted_at.is_(None))
    found = load(connection, connection.execute(statement).all())
    if not found:
        raise NotFound(f"Logged model with ID {model_id!r} not found in workspace {ws!r}.", model_id=model_id)
    return found[0]


def among(connection: Connection, ws: str, model_ids: Sequence[str]) -> list[LoggedModel]:
    """Those of these models that exist and are not deleted, in no order."""
    found: list[LoggedModel] = []
    for some in parts(model_ids):
        wanted = rows().where(
            workspaces.c.name == ws, logged_models.c.id.in_(some), logged_models.c.deleted_at.is_(None)
        )
        found += load(connection, connection.execute(wanted).all())
    return found


def find(connection: Connection, ws: str, model_id: str) -> LoggedModel | None:
    """The model with this id, deleted or not."""
    statement = rows().where(workspaces.c.name == ws, logged_models.c.id == model_id)
    found = load(connection, connection.execute(statement).all())
    return found[0] if found else None


def load(connection: Connection, found: Sequence[Row[Any]]) -> list[LoggedModel]:
    ids = [str(row.id) for row in found]
    tags = pairs.load(connection, logged_model_tags, ids)
    params = pairs.load(connection, logged_model_params, ids)
    measured = _metrics(connection, ids)
    return [
        LoggedModel(
            id=row.id,
            workspace=row.workspace,
            experiment_id=row.experiment_id,
            name=row.name,
            created_at=row.created_at,
            updated_at=row.updated_at,
            status=row.status,
            status_message=row.status_message,
            model_type=row.model_type,
            source_run_id=row.source_run_id,
            tags=tags[row.id],
            params=params[row.id],
            metrics=measured[row.id],
        )
        for row in found
    ]


def log_metrics(connection: Connection, model_id: str, logged: Iterable[ModelMetric]) -> None:
    """Keep every point. One that is there already for its run, data set, step and timestamp takes the new value."""
    rows = {
        (metric.key, metric.run_id, metric.dataset_name, metric.dataset_digest, metric.step, metric.timestamp): metric
        for metric in logged
    }
    new = [
        {
            **dict(zip(_METRIC_KEY, (model_id, *identity), strict=True)),
            "value": None if math.isnan(metric.value) else metric.value,
        }
        for identity, metric in rows.items()
    ]
    dialect.put(connection, logged_model_metrics, _METRIC_KEY, new)


def _metrics(connection: Connection, model_ids: Sequence[str]) -> dict[str, list[ModelMetric]]:
    table = logged_model_metrics
    found: dict[str, list[ModelMetric]] = {model_id: [] for model_id in model_ids}
    for some in parts(model_ids):
        for row in connection.execute(select(table).where(table.c.model_id.in_(some)).order_by(*table.primary_key)):
            found[row.model_id].append(
                ModelMetric(
                    key=row.name,
                    value=math.nan if row.value is None else row.value,
                    timestamp=row.timestamp,
                    step=row.step,
                    run_id=row.run_id,
                    dataset_name=row.dataset_name,
                    dataset_digest=row.dataset_digest,
                )
            )
    return found


def search(
    connection: Connection, ws: str, query: ModelQuery, *, limit: int, after: str | None = None
) -> Found[LoggedModel]:
    """One page of the models that are not deleted. Raises ``InvalidValue`` for a token of another search."""
    sorts = [sort for key in query.order for sort in _sorts(key)]
    if not any(key.key == "creation_timestamp" for key in query.order):
        sorts.append(Sort(logged_models.c.created_at, descending=True))
    sorts.append(Sort(logged_models.c.id))
    found, token = cut(connection.execute(page(_select(ws, query), sorts, after, limit)).all(), sorts, limit)
    return Found(load(connection, found), token)


def _select(ws: str, query: ModelQuery) -> Select[Any]:
    by_entity: dict[Entity, Clause] = {
        Entity.ATTRIBUTE: lambda condition: compare(_ATTRIBUTES[condition.key], condition),
        Entity.METRIC: partial(_metric, query.datasets),
        Entity.PARAM: partial(compare_pair, logged_model_params, logged_models.c.id),
        Entity.TAG: partial(compare_pair, logged_model_tags, logged_models.c.id),
    }
    return rows().where(
        workspaces.c.name == ws,
        logged_models.c.experiment_id.in_(list(query.experiment_ids)),
        logged_models.c.deleted_at.is_(None),
        *clauses(query.filter, by_entity),
        *_measured(query),
    )


def _metric(measured_on: Sequence[Dataset], condition: Condition) -> ColumnElement[bool]:
    there, value = _latest(condition.key, _on_any(measured_on))
    return there.is_not(None) & compare_number(value, condition)


def _measured(query: ModelQuery) -> list[ColumnElement[bool]]:
    if not query.datasets or any(condition.entity is Entity.METRIC for condition in query.filter):
        return []
    of_model = logged_model_metrics.c.model_id == logged_models.c.id
    return [exists().where(of_model, _on_any(query.datasets))]


def _latest(name: str, where: ColumnElement[bool]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The latest point of a metric of each model: its model (NULL where there is none), and its value (NULL is NaN)."""
    table = logged_model_metrics
    newest = (
        select(table)
        .where(table.c.model_id == logged_models.c.id, table.c.name == name, where)
        .order_by(table.c.step.desc(), table.c.timestamp.desc(), table.c.value.is_(None), table.c.value.desc())
        .limit(1)
    )
    there = newest.with_only_columns(table.c.model_id).scalar_subquery()
    return there, newest.with_only_columns(table.c.value).scalar_subquery()


def _on_any(measured_on: Sequence[Dataset]) -> ColumnElement[bool]:
    return or_(*(_on(name, digest) for name, digest in measured_on)) if measured_on else true()


def _on(name: str, digest: str | None) -> ColumnElement[bool]:
    table = logged_model_metrics
    named = table.c.dataset_name == name
    return named if digest is None else named & (table.c.dataset_digest == digest)


def _sorts(key: OrderKey) -> list[Sort]:
    if key.entity is Entity.ATTRIBUTE:
        return [Sort(_ATTRIBUTES[key.key], key.descending, nullable=key.key == "source_run_id")]
    if key.entity is Entity.PARAM:
        return [pair_sort(logged_model_params, logged_models.c.id, key)]
    if key.entity is Entity.TAG:
        return [pair_sort(logged_model_tags, logged_models.c.id, key)]
    measured_on = [] if key.dataset_name is None else [(key.dataset_name, key.dataset_digest)]
    there, value = _latest(key.key, _on_any(measured_on))
    return number_sorts(there, value, descending=key.descending)
