"""Runs over MLflow's protocol: making, changing, finding them, and logging to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from zaffre.core import limits
from zaffre.core.entities import ModelMetric
from zaffre.core.errors import InvalidValue
from zaffre.core.filters import RUNS, parse_filter, parse_order_by
from zaffre.core.ids import new_hex
from zaffre.core.states import RunStatus
from zaffre.core.wire import RunCreate, RunPatch, number_from_wire
from zaffre.server.mlflow import answers, details, values
from zaffre.server.mlflow.door import Act
from zaffre.server.mlflow.errors import invalid
from zaffre.server.mlflow.messages import (
    CreateRun,
    LogBatch,
    LogMetric,
    LogParameter,
    Metric,
    OfRun,
    Pair,
    SearchRuns,
    TagKey,
    UpdateRun,
)
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.store import run_search, workspaces
from zaffre.server.store import runs as rows
from zaffre.server.store.run_search import RunQuery
from zaffre.server.tracking.acts import check_key

_MOST: Final = 50_000
_MOST_PARAMS: Final = 100
_MOST_TAGS: Final = 100


async def create(rooms: Rooms, message: CreateRun) -> object:
    experiment_id = await rooms.aexperiment_id(message.experiment_id)
    given = RunCreate(
        id=new_hex(),
        display_name=message.run_name or None,
        status=RunStatus.RUNNING,
        start_time=message.start_time or None,
        tags=_shortened(message.tags),
    )
    made, location = await rooms.tracking.acreate_run(
        rooms.workspace, experiment_id, given, created_by=message.user_id or rooms.user
    )
    return {"run": answers.run(details.Details(made, location, None))}


async def get(rooms: Rooms, message: OfRun) -> object:
    def find(connection: Connection) -> details.Details:
        return details.load(connection, [rows.key_of(connection, rooms.workspace, message.run).pk])[0]

    return {"run": answers.run(await rooms.store.aread(find))}


async def update(rooms: Rooms, message: UpdateRun) -> object:
    """Change the name, the status and the end time, each if it is given."""
    patch = RunPatch(
        status=None if message.status is None else values.status(message.status),
        end_time=message.end_time,
        display_name=message.run_name or None,
    )
    changed, location = await rooms.tracking.areport_run(
        rooms.workspace, message.run, patch, reason="reported by an MLflow client"
    )
    return {"run_info": answers.run_info(changed, location)}


def delete(rooms: Rooms, message: OfRun) -> object:
    rooms.tracking.delete_run(rooms.workspace, message.run)
    return {}


def restore(rooms: Rooms, message: OfRun) -> object:
    rooms.tracking.restore_run(rooms.workspace, message.run)
    return {}


async def search(rooms: Rooms, message: SearchRuns) -> object:
    query = RunQuery(
        experiment_ids=await rooms.aexperiment_ids(message.experiment_ids),
        filter=parse_filter(message.filter, RUNS),
        order=parse_order_by(message.order_by, RUNS),
        view=values.view(message.run_view_type, "run_view_type"),
    )
    limit = values.page_size(message.max_results, _MOST)

    def find(connection: Connection) -> tuple[list[answers.Json], str | None]:
        workspaces.key_of(connection, rooms.workspace)  # a search of one that is not there would find nothing
        found = run_search.find(connection, rooms.workspace, query, limit=limit, after=message.page_token or None)
        return [answers.run(item) for item in details.load(connection, found.items)], found.next

    shown, after = await rooms.store.aread(find)
    return answers.without_empty({"runs": shown, "next_page_token": after})


async def log_metric(rooms: Rooms, message: LogMetric) -> object:
    point = (message.key, number_from_wire(message.value), message.timestamp, message.step)
    measured = _measured(message.run, [message])
    await rooms.tracking.alog_batch(rooms.workspace, message.run, points=[point], models=measured)
    return {}


async def log_parameter(rooms: Rooms, message: LogParameter) -> object:
    params = {message.key: message.value[: limits.PARAM_VALUE]}
    await rooms.tracking.alog_batch(rooms.workspace, message.run, params=params)
    return {}


async def log_batch(rooms: Rooms, message: LogBatch) -> object:
    """All or nothing; checked as a whole before anything is written."""
    _check_batch(message)
    params: dict[str, str] = {}
    for pair in message.params:
        if pair.key in params:
            raise InvalidValue(f"The param {pair.key!r} stands twice in the same batch. Send each once.")
        params[pair.key] = pair.value[: limits.PARAM_VALUE]
    points = [(item.key, number_from_wire(item.value), item.timestamp, item.step) for item in message.metrics]
    await rooms.tracking.alog_batch(
        rooms.workspace,
        message.run,
        points=points,
        params=params,
        tags=_checked(message.tags),
        models=_measured(message.run, message.metrics),
    )
    return {}


async def set_tag(rooms: Rooms, message: LogParameter) -> object:
    tags = _checked([Pair(key=message.key, value=message.value)])
    await rooms.tracking.alog_batch(rooms.workspace, message.run, tags=tags)
    return {}


def delete_tag(rooms: Rooms, message: TagKey) -> object:
    rooms.tracking.delete_tag(rooms.workspace, message.run, message.key)
    return {}


def _checked(tags: Iterable[Pair]) -> dict[str, str]:
    """Tags for a run that is there: their names are held to MLflow's rule; those of a new run are not, as there."""
    given = _shortened(tags)
    for key in given:
        check_key("tag", key)
    return given


def _shortened(tags: Iterable[Pair]) -> dict[str, str]:
    """Tags of a run; a value that is too long is cut, as MLflow's server does unless it is told otherwise."""
    return {key: value[: limits.TAG_VALUE] for key, value in values.as_dict(tags).items()}


def _check_batch(message: LogBatch) -> None:
    sizes = {
        "metrics": (len(message.metrics), limits.METRICS_PER_BATCH),
        "params": (len(message.params), _MOST_PARAMS),
        "tags": (len(message.tags), _MOST_TAGS),
    }
    for name, (size, most) in sizes.items():
        if size > most:
            raise InvalidValue(f"A batch can have at most {most} {name}; this one has {size}. Send several batches.")
    total = sum(size for size, _ in sizes.values())
    if total > limits.METRICS_PER_BATCH:
        raise InvalidValue(
            f"A batch can have at most {limits.METRICS_PER_BATCH} metrics, params and tags together; this one has "
            f"{total}. Send several batches."
        )
    for at, item in enumerate(message.metrics):
        if isinstance(item.value, str) and item.value not in ("NaN", "Infinity", "-Infinity"):
            raise invalid(f"metrics[{at}].value", item.value, "it is not a number.")


def _measured(run_id: str, metrics: Sequence[LogMetric | Metric]) -> Mapping[str, list[ModelMetric]]:
    """Those metrics that are of a logged model, by its id."""
    found: dict[str, list[ModelMetric]] = {}
    for item in metrics:
        if item.model_id:
            metric = ModelMetric(
                key=item.key,
                value=number_from_wire(item.value),
                timestamp=item.timestamp,
                step=item.step,
                run_id=run_id,
                dataset_name=item.dataset_name or "",
                dataset_digest=item.dataset_digest or "",
            )
            found.setdefault(item.model_id, []).append(metric)
    return found


ACTS: tuple[Act[Any], ...] = (
    Act("POST", "2.0/mlflow/runs/create", CreateRun, create),
    Act("GET", "2.0/mlflow/runs/get", OfRun, get),
    Act("POST", "2.0/mlflow/runs/update", UpdateRun, update),
    Act("POST", "2.0/mlflow/runs/delete", OfRun, delete),
    Act("POST", "2.0/mlflow/runs/restore", OfRun, restore),
    Act("POST", "2.0/mlflow/runs/search", SearchRuns, search),
    Act("POST", "2.0/mlflow/runs/log-metric", LogMetric, log_metric),
    Act("POST", "2.0/mlflow/runs/log-parameter", LogParameter, log_parameter),
    Act("POST", "2.0/mlflow/runs/log-batch", LogBatch, log_batch),
    Act("POST", "2.0/mlflow/runs/set-tag", LogParameter, set_tag),
    Act("POST", "2.0/mlflow/runs/delete-tag", TagKey, delete_tag),
)
