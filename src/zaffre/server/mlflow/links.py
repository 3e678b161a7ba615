"""What runs read and made, over MLflow's protocol."""

from __future__ import annotations

import json
from typing import Any, Final

from zaffre.core.entities import DatasetInput, ModelOutput
from zaffre.core.errors import InvalidValue
from zaffre.server.mlflow import answers, values
from zaffre.server.mlflow.door import Act
from zaffre.server.mlflow.errors import invalid
from zaffre.server.mlflow.messages import DatasetUse, LogInputs, LogModel, LogOutputs, SearchDatasets
from zaffre.server.mlflow.rooms import Rooms

HISTORY_TAG: Final = "mlflow.log-model.history"
_MODEL_KEYS: Final = ("artifact_path", "flavors", "utc_time_created", "run_id")
_MOST: Final = 1000
_MOST_EXPERIMENTS: Final = 20
_LONGEST: Final = {"name": 500, "digest": 36, "source": 65_535, "schema": 1_048_575, "profile": 16_777_215}
_LONGEST_TAG_KEY: Final = 255
_LONGEST_TAG_VALUE: Final = 500


def log_inputs(rooms: Rooms, message: LogInputs) -> object:
    if len(message.datasets) > _MOST:
        raise InvalidValue(f"One request takes at most {_MOST} data sets; this one has {len(message.datasets)}.")
    datasets = [_dataset(use, f"datasets[{at}]") for at, use in enumerate(message.datasets)]
    models = [use.model_id for use in message.models]
    rooms.tracking.log_inputs(rooms.workspace, message.run, datasets, models)
    return {}


def log_outputs(rooms: Rooms, message: LogOutputs) -> object:
    made = [ModelOutput(model_id=use.model_id, step=use.step) for use in message.models]
    rooms.tracking.log_outputs(rooms.workspace, message.run, made)
    return {}


def log_model(rooms: Rooms, message: LogModel) -> object:
    """MLflow 2's record of a logged model: appended to a list that is kept in a tag of the run."""
    try:
        model: Any = json.loads(message.model_json)
    except ValueError as error:
        raise invalid("model_json", message.model_json, f"it is not JSON: {error}.") from error
    if not isinstance(model, dict):
        raise invalid("model_json", message.model_json, "it is not a JSON object.")
    absent = [key for key in _MODEL_KEYS if key not in model]
    if absent:
        raise invalid("model_json", message.model_json, f"it lacks {', '.join(absent)}.")
    known = rooms.tracking.get_run(rooms.workspace, message.run).tags.get(HISTORY_TAG, "[]")
    history = json.loads(known)
    if model not in history:  # a repeated request changes nothing
        history.append(model)
    rooms.tracking.set_tags(rooms.workspace, message.run, {HISTORY_TAG: json.dumps(history)})
    return {}


def search_datasets(rooms: Rooms, message: SearchDatasets) -> object:
    """The data sets that runs of some experiments read, once for each context they were read in."""
    if not 1 <= len(message.experiment_ids) <= _MOST_EXPERIMENTS:
        raise invalid("experiment_ids", message.experiment_ids, f"send 1 to {_MOST_EXPERIMENTS} of them.")
    rooms.check_workspace()
    ids = rooms.experiment_ids(message.experiment_ids)
    found = rooms.tracking.dataset_summaries(rooms.workspace, ids, limit=_MOST)
    summaries = [
        answers.without_empty({"experiment_id": str(at), "name": name, "digest": digest, "context": context})
        for at, name, digest, context in found
    ]
    return answers.without_empty({"dataset_summaries": summaries})


def _dataset(use: DatasetUse, path: str) -> DatasetInput:
    given = use.dataset
    for name, longest in _LONGEST.items():
        text = getattr(given, name) or ""
        if len(text) > longest:
            raise invalid(f"{path}.dataset.{name}", text, f"it has more than {longest} characters.")
    tags = values.as_dict(use.tags)
    for key, value in tags.items():
        if len(key) > _LONGEST_TAG_KEY or len(value) > _LONGEST_TAG_VALUE:
            raise invalid(
                f"{path}.tags",
                {key: value},
                f"a key has at most {_LONGEST_TAG_KEY} and a value {_LONGEST_TAG_VALUE} characters.",
            )
    return DatasetInput(
        name=given.name,
        digest=given.digest,
        source_type=given.source_type,
        source=given.source,
        schema=given.schema or "",
        profile=given.profile or "",
        tags=tags,
    )


ACTS: tuple[Act[Any], ...] = (
    Act("POST", "2.0/mlflow/runs/log-inputs", LogInputs, log_inputs),
    Act("POST", "2.0/mlflow/runs/outputs", LogOutputs, log_outputs),
    Act("POST", "2.0/mlflow/runs/log-model", LogModel, log_model),
    Act("POST", "2.0/mlflow/experiments/search-datasets", SearchDatasets, search_datasets),
)
