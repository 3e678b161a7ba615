"""Where artifacts live: the URIs that clients are given, and the store's folders that they stand for.

    mlflow-artifacts:/<experiment id>/<run id>/artifacts[/path]            a run's files
    mlflow-artifacts:/<experiment id>/models/<model id>/artifacts[/path]   a logged model's files
    mlflow-artifacts:/<experiment id>/traces/<trace id>/artifacts[/path]   a trace's files
    mlflow-artifacts:/registry/<name>/<version>[/path]                     a registered version's files, read only

Everything else is refused: a client can name no other folder of the store.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from zaffre.core.errors import InvalidName, InvalidValue
from zaffre.core.names import check_artifact_path

SCHEME: Final = "mlflow-artifacts:/"
_RUN: Final = re.compile(r"(?P<experiment>\d{1,18})/(?P<id>[^/]+)/artifacts(?:/(?P<path>.+))?")
_LOGGED: Final = re.compile(r"(?P<experiment>\d{1,18})/models/(?P<id>[^/]+)/artifacts(?:/(?P<path>.+))?")
_TRACE: Final = re.compile(r"(?P<experiment>\d{1,18})/traces/(?P<id>[^/]+)/artifacts(?:/(?P<path>.+))?")
_VERSION: Final = re.compile(r"registry/(?P<id>[^/]+)/(?P<version>\d{1,18})(?:/(?P<path>.+))?")
_MAX_DECODINGS: Final = 8


class Owner(enum.Enum):
    RUN = "run"
    LOGGED_MODEL = "logged model"
    TRACE = "trace"
    VERSION = "registered model version"


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder of a run, logged model or version; the empty ``path`` is all of its files."""

    owner: Owner
    id: str  # the run's, logged model's or trace's id, or the registered model's name
    path: str
    experiment_id: int = -1
    version: int = 0


def run_uri(location: str, run_id: str) -> str:
    """``location`` is the artifact location of the run's experiment."""
    return f"{location}/{run_id}/artifacts"


def logged_model_uri(experiment_id: int, model_id: str) -> str:
    return f"{SCHEME}{experiment_id}/models/{model_id}/artifacts"


def version_uri(name: str, version: int) -> str:
    return f"{SCHEME}registry/{quote(name, safe='')}/{version}"


def experiment_uri(experiment_id: int) -> str:
    return f"{SCHEME}{experiment_id}"


def check_path(path: str) -> str:
    """A relative path that stays below its root however often it is percent-decoded, normalised."""
    form = path
    for _ in range(_MAX_DECODINGS):
        try:
            check_artifact_path(form)
        except InvalidName as error:
            raise InvalidValue(f"Invalid path: {error.message}", path=path) from error
        decoded = unquote(form)
        if decoded == form:
            return check_artifact_path(path)
        form = decoded
    raise InvalidValue(f"Invalid path: {path!r} is percent-encoded more than {_MAX_DECODINGS} times.", path=path)


def place_of(path: str) -> Place:
    """What a proxied path (below ``mlflow-artifacts/artifacts/``) names; ``InvalidValue`` for any other path."""
    path = path.rstrip("/")
    check_path(path)
    # What is left of the owner is checked again by itself: it must be relative too.
    if logged := _LOGGED.fullmatch(path):
        return Place(Owner.LOGGED_MODEL, logged["id"], _inner(logged), int(logged["experiment"]))
    if trace := _TRACE.fullmatch(path):
        return Place(Owner.TRACE, trace["id"], _inner(trace), int(trace["experiment"]))
    if run := _RUN.fullmatch(path):
        return Place(Owner.RUN, run["id"], _inner(run), int(run["experiment"]))
    if version := _VERSION.fullmatch(path):
        return Place(Owner.VERSION, unquote(version["id"]), _inner(version), version=int(version["version"]))
    raise InvalidValue(
        f"Invalid path: {path!r} is not below the artifacts of a run, a logged model, a trace or a registered model "
        "version.",
        path=path,
    )


def _inner(match: re.Match[str]) -> str:
    path: str | None = match["path"]
    return check_path(path) if path else ""


def place_of_uri(uri: str) -> Place:
    """What an ``mlflow-artifacts:/`` URI names; a host, a query or a fragment in it is refused."""
    rest = uri[len(SCHEME) :]
    if not uri.startswith(SCHEME) or rest.startswith("/") or any(mark in unquote(rest) for mark in "?#"):
        raise InvalidValue(
            f"{uri!r} is not an artifact URI of this server: it must begin with {SCHEME}<experiment id>/."
        )
    return place_of(rest)
