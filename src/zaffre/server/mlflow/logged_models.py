"""The models that MLflow 3 clients log, over its protocol."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from zaffre.core.entities import LoggedModel
from zaffre.core.errors import InvalidValue
from zaffre.core.filters import LOGGED_MODELS, Condition, Entity, Op, order_key, parse_filter
from zaffre.server.mlflow import answers, values
from zaffre.server.mlflow.door import Act
from zaffre.server.mlflow.errors import invalid, missing
from zaffre.server.mlflow.locations import check_path, logged_model_uri, place_of_uri
from zaffre.server.mlflow.messages import (
    CreateLoggedModel,
    FinishLoggedModel,
    LoggedModelFolder,
    LoggedModelParams,
    LoggedModelTagKey,
    LoggedModelTags,
    OfLoggedModel,
    SearchLoggedModels,
)
from zaffre.server.mlflow.places import folder_of
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.mlflow.transfers import listing
from zaffre.server.store.logged_models import ModelQuery
from zaffre.server.tracking.models import STATUSES

_MOST: Final = 1000
_PREFIX: Final = "LOGGED_MODEL_"


def create(rooms: Rooms, message: CreateLoggedModel) -> object:
    made = rooms.tracking.create_logged_model(
        rooms.workspace,
        rooms.experiment_id(message.experiment_id),
        name=message.name or None,
        model_type=message.model_type or "",
        source_run_id=message.source_run_id or None,
        params=values.as_dict(message.params),
        tags=values.as_dict(message.tags),
    )
    return _model(made)


def get(rooms: Rooms, message: OfLoggedModel) -> object:
    return _model(rooms.tracking.get_logged_model(rooms.workspace, message.model_id))


def finish(rooms: Rooms, message: FinishLoggedModel) -> object:
    status = message.status
    if isinstance(status, int):
        status = dict(enumerate(STATUSES, start=1)).get(status, "")
    if status not in STATUSES:
        raise invalid("status", message.status, f"it must be one of {', '.join(STATUSES)}.")
    return _model(rooms.tracking.finish_logged_model(rooms.workspace, message.model_id, status))


def delete(rooms: Rooms, message: OfLoggedModel) -> object:
    rooms.tracking.delete_logged_model(rooms.workspace, message.model_id)
    return {}


def set_tags(rooms: Rooms, message: LoggedModelTags) -> object:
    return _model(rooms.tracking.set_model_tags(rooms.workspace, message.model_id, values.as_dict(message.tags)))


def delete_tag(rooms: Rooms, message: LoggedModelTagKey) -> object:
    rooms.tracking.delete_model_tag(rooms.workspace, message.model_id, message.tag_key)
    return {}


def log_params(rooms: Rooms, message: LoggedModelParams) -> object:
    rooms.tracking.log_model_params(rooms.workspace, message.model_id, values.as_dict(message.params))
    return {}


def search(rooms: Rooms, message: SearchLoggedModels) -> object:
    rooms.check_workspace()
    if not message.experiment_ids:
        raise missing("experiment_ids")
    datasets = []
    for at, dataset in enumerate(message.datasets):
        if not dataset.dataset_name:
            raise missing(f"datasets[{at}].dataset_name")
        datasets.append((dataset.dataset_name, dataset.dataset_digest or None))
    order = []
    for by in message.order_by:
        if by.dataset_digest and not by.dataset_name:
            raise InvalidValue("order_by has a dataset_digest without its dataset_name: send both.")
        key = order_key(
            by.field_name,
            LOGGED_MODELS,
            descending=not by.ascending,
            dataset_name=by.dataset_name or None,
            dataset_digest=by.dataset_digest or None,
        )
        order.append(key)
    query = ModelQuery(
        experiment_ids=rooms.experiment_ids(message.experiment_ids),
        filter=tuple(map(_with_status, parse_filter(message.filter, LOGGED_MODELS))),
        order=tuple(order),
        datasets=datasets,
    )
    limit = values.page_size(message.max_results, _MOST)
    found = rooms.tracking.search_logged_models(rooms.workspace, query, limit=limit, after=message.page_token or None)
    return answers.without_empty(
        {"models": [answers.logged_model(item) for item in found.items], "next_page_token": found.next}
    )


def list_files(rooms: Rooms, message: LoggedModelFolder) -> object:
    """The files of a folder of the model by their paths from its root."""
    path = check_path(message.artifact_directory_path.rstrip("/")) if message.artifact_directory_path else ""
    model = rooms.tracking.get_logged_model(rooms.workspace, message.model_id)
    uri = logged_model_uri(model.experiment_id, model.id)
    place = place_of_uri(f"{uri}/{path}".rstrip("/"))
    files = listing(rooms, folder_of(rooms, place), path)
    return answers.without_empty({"root_uri": uri, "files": files})


def _with_status(condition: Condition) -> Condition:
    """A clause about the status with the names that are kept; clients write READY for LOGGED_MODEL_READY."""
    if condition.entity is not Entity.ATTRIBUTE or condition.key != "status" or condition.op in (Op.LIKE, Op.ILIKE):
        return condition
    if isinstance(condition.value, tuple):
        return replace(condition, value=tuple(map(_long_status, condition.value)))
    return replace(condition, value=_long_status(str(condition.value)))


def _long_status(name: str) -> str:
    return name if name.startswith(_PREFIX) else f"{_PREFIX}{name}"


def _model(found: LoggedModel) -> answers.Json:
    return {"model": answers.logged_model(found)}


_OF = "2.0/mlflow/logged-models/{model_id}"
ACTS: tuple[Act[Any], ...] = (
    Act("POST", "2.0/mlflow/logged-models", CreateLoggedModel, create),
    Act("POST", "2.0/mlflow/logged-models/search", SearchLoggedModels, search),
    Act("GET", _OF, OfLoggedModel, get),
    Act("PATCH", _OF, FinishLoggedModel, finish),
    Act("DELETE", _OF, OfLoggedModel, delete),
    Act("PATCH", f"{_OF}/tags", LoggedModelTags, set_tags),
    Act("DELETE", f"{_OF}/tags/{{tag_key}}", LoggedModelTagKey, delete_tag),
    Act("POST", f"{_OF}/params", LoggedModelParams, log_params),
    Act("GET", f"{_OF}/artifacts/directories", LoggedModelFolder, list_files),
)
