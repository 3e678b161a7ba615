"""What each act of the door does, and with which experiments and registered models: who may not is refused before it.

Every act stands in the table. Searches name nothing here: they pass over what is hidden from who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from zaffre.core import contract
from zaffre.server.accounts.permissions import Deed
from zaffre.server.mlflow import values
from zaffre.server.mlflow.locations import Owner, Place
from zaffre.server.mlflow.messages import LogBatch
from zaffre.server.mlflow.rooms import DEFAULT_EXPERIMENT, Rooms
from zaffre.server.store.permissions import Kind, Thing

Find = Callable[[Rooms, Any], Iterable[Thing]]


def experiment(rooms: Rooms, text: str) -> Thing:
    """The experiment that a request names by its id; see ``Rooms.experiment_id`` for "0"."""
    wanted = values.experiment_id(text)
    if wanted == 0 and rooms.workspace != contract.DEFAULT_WORKSPACE:
        return Thing(Kind.EXPERIMENT_NAME, DEFAULT_EXPERIMENT)
    return Thing(Kind.EXPERIMENT, str(wanted))


def owner_of(place: Place) -> Thing:
    """Whose files are at a place."""
    return Thing(_OWNERS[place.owner], place.id)


_OWNERS: Final = {
    Owner.RUN: Kind.RUN,
    Owner.LOGGED_MODEL: Kind.LOGGED_MODEL,
    Owner.TRACE: Kind.TRACE,
    Owner.VERSION: Kind.MODEL,
}


def _experiment(rooms: Rooms, message: Any) -> Iterable[Thing]:
    return (experiment(rooms, message.experiment_id),)


def _experiment_name(rooms: Rooms, message: Any) -> Iterable[Thing]:  # noqa: ARG001
    return (Thing(Kind.EXPERIMENT_NAME, message.experiment_name),)


def _run(rooms: Rooms, message: Any) -> Iterable[Thing]:  # noqa: ARG001
    return (Thing(Kind.RUN, message.run),)


def _run_and_models(rooms: Rooms, message: Any) -> Iterable[Thing]:
    """A run, and the logged models that it names: what is measured is written to them."""
    points = message.metrics if isinstance(message, LogBatch) else (message,)
    models = {item.model_id for item in points if item.model_id}
    return (*_run(rooms, message), *(Thing(Kind.LOGGED_MODEL, model_id) for model_id in sorted(models)))


def _runs(rooms: Rooms, message: Any) -> Iterable[Thing]:  # noqa: ARG001
    named = message.run_id if hasattr(message, "run_id") else message.run_ids
    return [Thing(Kind.RUN, run_id) for run_id in named]


def _files(rooms: Rooms, message: Any) -> Iterable[Thing]:  # noqa: ARG001
    if message.run_id:
        return (Thing(Kind.RUN, message.run_id),)
    return (Thing(Kind.LOGGED_MODEL, message.model_id or ""),)


def _logged_model(rooms: Rooms, message: Any) -> Iterable[Thing]:  # noqa: ARG001
    return (Thing(Kind.LOGGED_MODEL, message.model_id),)


def _model(rooms: Rooms, message: Any) -> Iterable[Thing]:  # noqa: ARG001
    return (Thing(Kind.MODEL, message.name),)


def _trace(rooms: Rooms, message: Any) -> Iterable[Thing]:  # noqa: ARG001
    return (Thing(Kind.TRACE, getattr(message, "trace_id", None) or message.request_id),)


def _traces(rooms: Rooms, message: Any) -> Iterable[Thing]:  # noqa: ARG001
    return [Thing(Kind.TRACE, trace_id) for trace_id in message.trace_ids]


def _started_trace(rooms: Rooms, message: Any) -> Iterable[Thing]:
    """The trace, if it is there already, and the experiment that it is to be in."""
    info = message.trace.trace_info
    place = info.trace_location and info.trace_location.mlflow_experiment
    named = (experiment(rooms, place.experiment_id),) if place else ()
    return (Thing(Kind.TRACE, info.trace_id), *named)


def _linked(rooms: Rooms, message: Any) -> Iterable[Thing]:
    return (*_traces(rooms, message), Thing(Kind.RUN, message.run_id))


def nothing(rooms: Rooms, message: Any) -> Iterable[Thing]:  # noqa: ARG001
    return ()


_V2: Final = "2.0/mlflow"
_V3: Final = "3.0/mlflow"
_TRACE_2: Final = f"{_V2}/traces/{{request_id}}"
_TRACE_3: Final = f"{_V3}/traces/{{trace_id}}"
_LOGGED: Final = f"{_V2}/logged-models/{{model_id}}"
_WEBHOOK: Final = f"{_V2}/webhooks/{{webhook_id}}"
_TABLE: Final[dict[tuple[Deed, Find], tuple[str, ...]]] = {
    (Deed.READ, _experiment): (f"GET {_V2}/experiments/get",),
    (Deed.READ, _experiment_name): (f"GET {_V2}/experiments/get-by-name",),
    (Deed.EDIT, _experiment): (
        f"POST {_V2}/experiments/update",
        f"POST {_V2}/experiments/set-experiment-tag",
        f"POST {_V2}/experiments/delete-experiment-tag",
        f"POST {_V2}/runs/create",
        f"POST {_V2}/logged-models",
        f"POST {_V2}/traces",
    ),
    (Deed.DELETE, _experiment): (
        f"POST {_V2}/experiments/delete",
        f"POST {_V2}/experiments/restore",
        f"POST {_V2}/traces/delete-traces",
        f"POST {_V3}/traces/delete-traces",
    ),
    (Deed.READ, _run): (
        f"GET {_V2}/runs/get",
        f"GET {_V2}/metrics/get-history",
        f"GET {_V2}/artifacts/list",
    ),
    (Deed.READ, _runs): (f"GET {_V2}/metrics/get-history-bulk", f"GET {_V2}/metrics/get-history-bulk-interval"),
    (Deed.EDIT, _run): (
        f"POST {_V2}/runs/update",
        f"POST {_V2}/runs/log-parameter",
        f"POST {_V2}/runs/set-tag",
        f"POST {_V2}/runs/delete-tag",
        f"POST {_V2}/runs/log-inputs",
        f"POST {_V2}/runs/outputs",
        f"POST {_V2}/runs/log-model",
    ),
    (Deed.EDIT, _run_and_models): (f"POST {_V2}/runs/log-metric", f"POST {_V2}/runs/log-batch"),
    (Deed.DELETE, _run): (f"POST {_V2}/runs/delete", f"POST {_V2}/runs/restore"),
    (Deed.READ, _files): (f"POST {_V2}/artifacts/presigned-download-url",),
    (Deed.EDIT, _files): (f"POST {_V2}/artifacts/presigned-upload-url",),
    (Deed.READ, _logged_model): (f"GET {_LOGGED}", f"GET {_LOGGED}/artifacts/directories"),
    (Deed.EDIT, _logged_model): (
        f"PATCH {_LOGGED}",
        f"PATCH {_LOGGED}/tags",
        f"DELETE {_LOGGED}/tags/{{tag_key}}",
        f"POST {_LOGGED}/params",
    ),
    (Deed.DELETE, _logged_model): (f"DELETE {_LOGGED}",),
    (Deed.READ, _model): (
        f"GET {_V2}/registered-models/get",
        f"POST {_V2}/registered-models/get-latest-versions",
        f"GET {_V2}/registered-models/get-latest-versions",
        f"GET {_V2}/registered-models/alias",
        f"GET {_V2}/model-versions/get",
        f"GET {_V2}/model-versions/get-download-uri",
    ),
    (Deed.EDIT, _model): (
        f"PATCH {_V2}/registered-models/update",
        f"POST {_V2}/registered-models/rename",
        f"POST {_V2}/registered-models/set-tag",
        f"DELETE {_V2}/registered-models/delete-tag",
        f"POST {_V2}/registered-models/alias",
        f"POST {_V2}/model-versions/create",
        f"PATCH {_V2}/model-versions/update",
        f"POST {_V2}/model-versions/transition-stage",
        f"POST {_V2}/model-versions/set-tag",
    ),
    (Deed.DELETE, _model): (
        f"DELETE {_V2}/registered-models/delete",
        f"DELETE {_V2}/registered-models/alias",
        f"DELETE {_V2}/model-versions/delete",
        f"DELETE {_V2}/model-versions/delete-tag",
    ),
    (Deed.EDIT, _started_trace): (f"POST {_V3}/traces",),
    (Deed.READ, _trace): (
        f"GET {_V3}/traces/get",
        f"GET {_TRACE_3}",
        f"GET {_TRACE_2}/info",
        f"GET {_TRACE_3}/assessments/{{assessment_id}}",
    ),
    (Deed.READ, _traces): (f"GET {_V3}/traces/batchGet", f"POST {_V3}/traces/batchGetInfos"),
    (Deed.EDIT, _trace): (
        f"POST {_V2}/traces/link-prompts",
        f"PATCH {_TRACE_3}/tags",
        f"DELETE {_TRACE_3}/tags",
        f"PATCH {_TRACE_2}",
        f"PATCH {_TRACE_2}/tags",
        f"DELETE {_TRACE_2}/tags",
        f"POST {_TRACE_3}/assessments",
        f"PATCH {_TRACE_3}/assessments/{{assessment_id}}",
        f"DELETE {_TRACE_3}/assessments/{{assessment_id}}",
    ),
    (Deed.EDIT, _linked): (f"POST {_V2}/traces/link-to-run",),
    # Searches, what checks the place it names by itself, and what tells of the server.
    (Deed.READ, nothing): (
        f"POST {_V2}/experiments/search",
        f"GET {_V2}/experiments/search",
        f"POST {_V2}/experiments/search-datasets",
        f"POST {_V2}/runs/search",
        f"POST {_V2}/logged-models/search",
        f"GET {_V2}/registered-models/search",
        f"GET {_V2}/model-versions/search",
        f"POST {_V3}/traces/search",
        f"GET {_V2}/traces",
        f"POST {_V3}/traces/calculate-filter-correlation",
        f"POST {_V3}/traces/metrics",
        "GET 2.0/mlflow-artifacts/artifacts",
        f"GET {_V3}/server-info",
        f"GET {_V2}/webhooks",
        f"GET {_WEBHOOK}",
    ),
    # What the role alone decides on.
    (Deed.EDIT, nothing): (
        f"POST {_V2}/experiments/create",
        f"POST {_V2}/registered-models/create",
        f"POST {_V2}/webhooks",
        f"PATCH {_WEBHOOK}",
        f"DELETE {_WEBHOOK}",
        f"POST {_WEBHOOK}/test",
    ),
}
_USERS: Final = ("users", "roles", "permissions")  # the acts on them check by themselves who asks
TABLE: Final[Mapping[str, tuple[Deed, Find]]] = {route: rule for rule, routes in _TABLE.items() for route in routes}


def rule_of(verb: str, path: str) -> tuple[Deed, Find] | None:
    """What the act at ``path`` does and with what; None for those on users, roles and permissions."""
    found = TABLE.get(f"{verb} {path}")
    assert found is not None or any(part in _USERS for part in path.split("/")), f"no rule for {verb} {path}"
    return found


async def check(rooms: Rooms, verb: str, path: str, message: Any) -> None:
    """Raise ``PermissionDenied`` unless who asks may do the act at ``path`` with what the message names."""
    rule = rule_of(verb, path)
    if rule is not None:
        deed, find = rule
        await rooms.permissions.acheck(rooms.asker, rooms.workspace, deed, find(rooms, message))
