"""Experiments over MLflow's protocol."""

from __future__ import annotations

from zaffre.core.errors import Unsupported
from zaffre.core.filters import EXPERIMENTS, parse_filter, parse_order_by
from zaffre.server.mlflow import answers, values
from zaffre.server.mlflow.door import Act
from zaffre.server.mlflow.messages import (
    CreateExperiment,
    ExperimentById,
    ExperimentByName,
    ExperimentTag,
    ExperimentTagKey,
    SearchExperiments,
    UpdateExperiment,
)
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.store.experiments import ExperimentQuery

_MOST = 50_000


def create(rooms: Rooms, message: CreateExperiment) -> object:
    if message.artifact_location:
        raise Unsupported(
            f"The artifact location {message.artifact_location!r} cannot be used: this server keeps the files of every "
            "experiment itself. Leave artifact_location out."
        )
    tags = values.as_dict(message.tags)
    made = rooms.tracking.create_experiment(rooms.workspace, message.name, tags=tags, maker=rooms.asker.user_pk)
    return {"experiment_id": str(made.id)}


def get(rooms: Rooms, message: ExperimentById) -> object:
    experiment_id = rooms.experiment_id(message.experiment_id)
    return {"experiment": answers.experiment(rooms.tracking.get_experiment(rooms.workspace, experiment_id))}


def get_by_name(rooms: Rooms, message: ExperimentByName) -> object:
    found = rooms.tracking.get_experiment_by_name(rooms.workspace, message.experiment_name)
    return {"experiment": answers.experiment(found)}


def search(rooms: Rooms, message: SearchExperiments) -> object:
    rooms.check_workspace()
    query = ExperimentQuery(
        filter=parse_filter(message.filter, EXPERIMENTS),
        order=parse_order_by(message.order_by, EXPERIMENTS),
        view=values.view(message.view_type, "view_type"),
        hidden=rooms.permissions.hidden_experiments(rooms.asker, rooms.workspace),
    )
    found = rooms.tracking.search_experiments(
        rooms.workspace, query, limit=values.page_size(message.max_results, _MOST), after=message.page_token or None
    )
    return answers.without_empty(
        {"experiments": [answers.experiment(item) for item in found.items], "next_page_token": found.next}
    )


def update(rooms: Rooms, message: UpdateExperiment) -> object:
    experiment_id = rooms.experiment_id(message.experiment_id)
    rooms.tracking.update_experiment(rooms.workspace, experiment_id, name=message.new_name)
    return {}


def delete(rooms: Rooms, message: ExperimentById) -> object:
    experiment_id = rooms.experiment_id(message.experiment_id)
    rooms.tracking.update_experiment(rooms.workspace, experiment_id, archived=True)
    return {}


def restore(rooms: Rooms, message: ExperimentById) -> object:
    experiment_id = rooms.experiment_id(message.experiment_id)
    rooms.tracking.update_experiment(rooms.workspace, experiment_id, archived=False)
    return {}


def set_tag(rooms: Rooms, message: ExperimentTag) -> object:
    experiment_id = rooms.experiment_id(message.experiment_id)
    rooms.tracking.set_experiment_tag(rooms.workspace, experiment_id, message.key, message.value)
    return {}


def delete_tag(rooms: Rooms, message: ExperimentTagKey) -> object:
    experiment_id = rooms.experiment_id(message.experiment_id)
    rooms.tracking.delete_experiment_tag(rooms.workspace, experiment_id, message.key)
    return {}


ACTS = (
    Act("POST", "2.0/mlflow/experiments/create", CreateExperiment, create),
    Act("GET", "2.0/mlflow/experiments/get", ExperimentById, get),
    Act("GET", "2.0/mlflow/experiments/get-by-name", ExperimentByName, get_by_name),
    Act("POST", "2.0/mlflow/experiments/search", SearchExperiments, search),
    Act("GET", "2.0/mlflow/experiments/search", SearchExperiments, search),
    Act("POST", "2.0/mlflow/experiments/update", UpdateExperiment, update),
    Act("POST", "2.0/mlflow/experiments/delete", ExperimentById, delete),
    Act("POST", "2.0/mlflow/experiments/restore", ExperimentById, restore),
    Act("POST", "2.0/mlflow/experiments/set-experiment-tag", ExperimentTag, set_tag),
    Act("POST", "2.0/mlflow/experiments/delete-experiment-tag", ExperimentTagKey, delete_tag),
)
