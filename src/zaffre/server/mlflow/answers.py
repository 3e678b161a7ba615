"""Our entities as MLflow's messages: plain dicts for the encoder. What is not set is left out, as protobuf does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from zaffre.core.entities import (
    DatasetInput,
    Experiment,
    LoggedModel,
    ModelMetric,
    ModelVersion,
    RegisteredModel,
    RunLinks,
)
from zaffre.core.states import MLFLOW_STATUS
from zaffre.core.wire import number_to_wire
from zaffre.server.mlflow import locations
from zaffre.server.mlflow.details import Details
from zaffre.server.store.run_outlines import Outline
from zaffre.server.tracking.acts import NAME_TAG, PARENT_TAG

Json = dict[str, Any]


class Point(Struct, omit_defaults=True):
    """One metric value on the wire; a struct, since an answer may hold 25,000 of them."""

    key: str
    value: float | str
    timestamp: int
    step: int
    run_id: str | None = None


class Pair(Struct):
    """A tag or a param on the wire; structs where an answer holds hundreds of runs."""

    key: str
    value: str


class Info(Struct, omit_defaults=True):
    run_id: str
    run_uuid: str
    experiment_id: str
    status: str
    start_time: int
    artifact_uri: str
    lifecycle_stage: str
    run_name: str | None = None
    user_id: str | None = None
    end_time: int | None = None


class Data(Struct, omit_defaults=True):
    metrics: list[Point] = []
    params: list[Pair] = []
    tags: list[Pair] = []


def pairs(values: Mapping[str, str]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in values.items()]


def without_empty(values: Mapping[str, Any]) -> Json:
    """Only what is set: absent, empty text and empty list mean the same to every client."""
    return {key: value for key, value in values.items() if value is not None and value != "" and value != []}


def experiment(found: Experiment) -> Json:
    return without_empty(
        {
            "experiment_id": str(found.id),
            "name": found.name,
            "artifact_location": found.artifact_location,
            "lifecycle_stage": "active" if found.archived_at is None else "deleted",
            "creation_time": found.created_at,
            "last_update_time": found.updated_at,
            "tags": pairs(found.tags),
        }
    )


def run_info(found: Outline, artifact_location: str) -> Info:
    return Info(
        found.id,
        found.id,
        str(found.experiment_id),
        MLFLOW_STATUS[found.status],
        found.start_time if found.start_time is not None else found.created_at,
        locations.run_uri(artifact_location, found.id),
        "active" if found.archived_at is None else "deleted",
        found.display_name or None,
        found.created_by or None,
        found.end_time,
    )


def model_metric(metric: ModelMetric, model_id: str) -> Json:
    return without_empty(
        {
            "key": metric.key,
            "value": number_to_wire(metric.value),
            "timestamp": metric.timestamp,
            "step": metric.step,
            "run_id": metric.run_id,
            "model_id": model_id,
            "dataset_name": metric.dataset_name,
            "dataset_digest": metric.dataset_digest,
        }
    )


def dataset_input(found: DatasetInput) -> Json:
    body = {
        "name": found.name,
        "digest": found.digest,
        "source_type": found.source_type,
        "source": found.source,
        "schema": found.schema,
        "profile": found.profile,
    }
    return without_empty({"dataset": without_empty(body), "tags": pairs(found.tags)})


def run(found: Details) -> Json:
    outline = found.run
    data = Data(
        [
            Point(name, "NaN" if value is None else number_to_wire(value), timestamp, step)
            for name, step, timestamp, value in outline.latest
        ],
        [Pair(key, value) for key, value in outline.params],
        _run_tags(outline),
    )
    answer: Json = {"info": run_info(outline, found.artifact_location), "data": data, "inputs": {}}
    if found.links is not None:
        answer["inputs"] = run_inputs(found.links)
        if outputs := run_outputs(found.links):
            answer["outputs"] = outputs
    return answer


def _run_tags(found: Outline) -> list[Pair]:
    """The tags with those that are fields of our own: clients read a run's name and parent from tags."""
    tags = dict(found.tags)
    if found.display_name:
        tags[NAME_TAG] = found.display_name
    if found.parent_id is not None:
        tags[PARENT_TAG] = found.parent_id
    return [Pair(key, value) for key, value in tags.items()]


def run_inputs(links: RunLinks) -> Json:
    return without_empty(
        {
            "dataset_inputs": [dataset_input(found) for found in links.datasets],
            "model_inputs": [{"model_id": model_id} for model_id in links.models],
        }
    )


def run_outputs(links: RunLinks) -> Json:
    return without_empty({"model_outputs": [{"model_id": made.model_id, "step": made.step} for made in links.outputs]})


def logged_model(found: LoggedModel) -> Json:
    info = {
        "model_id": found.id,
        "experiment_id": str(found.experiment_id),
        "name": found.name,
        "creation_timestamp_ms": found.created_at,
        "last_updated_timestamp_ms": found.updated_at,
        "artifact_uri": locations.logged_model_uri(found.experiment_id, found.id),
        "status": found.status,
        "status_message": found.status_message,
        "model_type": found.model_type,
        "source_run_id": found.source_run_id,
        "tags": pairs(found.tags),
    }
    data = {
        "params": pairs(found.params),
        "metrics": [model_metric(metric, found.id) for metric in found.metrics],
    }
    return {"info": without_empty(info), "data": without_empty(data)}


def registered_model(found: RegisteredModel, latest: Iterable[ModelVersion] = ()) -> Json:
    return without_empty(
        {
            "name": found.name,
            "creation_timestamp": found.created_at,
            "last_updated_timestamp": found.updated_at,
            "description": found.description,
            "latest_versions": [model_version(version, found.aliases) for version in latest],
            "tags": pairs(found.tags),
            "aliases": [{"alias": alias, "version": str(version)} for alias, version in found.aliases.items()],
        }
    )


def model_version(found: ModelVersion, aliases: Mapping[str, int]) -> Json:
    return without_empty(
        {
            "name": found.name,
            "version": str(found.version),
            "creation_timestamp": found.created_at,
            "last_updated_timestamp": found.updated_at,
            "user_id": found.created_by,
            "current_stage": found.stage,
            "description": found.description,
            "source": found.source or locations.version_uri(found.name, found.version),
            "run_id": found.run_id,
            "status": found.status,
            "model_id": found.logged_model_id,
            "tags": pairs(found.tags),
            "aliases": [alias for alias, version in aliases.items() if version == found.version],
        }
    )
