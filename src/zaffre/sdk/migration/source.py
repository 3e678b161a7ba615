"""What is copied from: an MLflow server, file store or database, read with the MLflow that is installed here.

Nothing is written to it. MLflow would migrate an older SQLite file in place, so such a file is copied first; an older
database of another kind is refused.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import logging
import os
import sqlite3
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from zaffre.core.errors import (
    AuthenticationException,
    AzureMLException,
    InvalidValue,
    NotFound,
    ServerUnavailable,
    UserErrorException,
)
from zaffre.core.traces import LOCATION_TAG, SPANS_HERE, SPANS_TAG

if TYPE_CHECKING:
    from mlflow.entities import Experiment, LoggedModel, Run, Span, TraceInfo
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel
    from mlflow.exceptions import MlflowException

_PAGE: Final = 1000
_VERSIONS_PAGE: Final = 10_000
_TRACES_PAGE: Final = 500
_PATIENCE_SECONDS: Final = 10.0
_PROXIED: Final = "mlflow-artifacts:/"
_ALLOW_FILES: Final = "MLFLOW_ALLOW_FILE_STORE"
_NO_TELEMETRY: Final = "MLFLOW_DISABLE_TELEMETRY"
SPANS_FILE: Final = "traces.json"  # in a trace's files
_HIDDEN: Final = ("alembic", "mlflow.store.db.utils")


@dataclass(frozen=True, slots=True)
class Columns:
    """A metric's history in the order of logging."""

    steps: list[int]
    timestamps: list[int]
    values: list[float]


@dataclass(frozen=True, slots=True)
class SourceFile:
    path: str  # below the folder that was listed
    size: int | None


class Files:
    """The files below one artifact URI of the source."""

    def __init__(self, repository: Any) -> None:
        self._repository = repository

    def listing(self) -> list[SourceFile]:
        found: list[SourceFile] = []
        folders: list[str | None] = [None]
        while folders:
            for info in self._repository.list_artifacts(folders.pop()):
                if info.is_dir:
                    folders.append(info.path)
                else:
                    found.append(SourceFile(info.path, None if (info.file_size or -1) < 0 else info.file_size))
        return sorted(found, key=lambda file: file.path)

    @contextlib.contextmanager
    def fetched(self, path: str) -> Iterator[Path]:
        """The file on this machine: where it is, or for as long as the context lasts."""
        folder = getattr(self._repository, "artifact_dir", None)
        if folder is not None:
            yield Path(folder) / path
            return
        with tempfile.TemporaryDirectory(prefix="zaffre-migrate-") as scratch:
            target = Path(scratch) / "file"
            self._repository._download_file(path, str(target))
            yield target


class Source:
    """``client`` is an ``MlflowClient``; threads may share the source."""

    def __init__(self, uri: str, client: Any, artifacts: str | None) -> None:
        self.uri = uri
        self._client = client
        self._artifacts = artifacts

    def experiments(self, names: Sequence[str]) -> list[Experiment]:
        """All of them, deleted ones included, or those of these names. Raises ``NotFound`` for a name it lacks."""
        from mlflow.entities import ViewType

        found: list[Experiment] = []
        token: str | None = None
        while True:
            page = self._client.search_experiments(view_type=ViewType.ALL, max_results=_PAGE, page_token=token)
            found += page
            token = page.token
            if not token:
                break
        missing = sorted(set(names) - {one.name for one in found})
        if missing:
            raise NotFound(f"There is no experiment named {', '.join(missing)} in {_without_password(self.uri)}.")
        wanted = [one for one in found if not names or one.name in names]
        return sorted(wanted, key=lambda one: int(one.creation_time or 0))

    def runs(self, experiment_id: str) -> Iterator[Run]:
        """Every run, deleted ones included, the oldest first, so that parents come before their children."""
        from mlflow.entities import ViewType

        token: str | None = None
        while True:
            page = self._client.search_runs(
                [experiment_id],
                run_view_type=ViewType.ALL,
                max_results=_PAGE,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            yield from page
            token = page.token
            if not token:
                return

    def history(self, run_id: str, key: str) -> Columns:
        points = self._client.get_metric_history(run_id, key)
        return Columns(
            [int(one.step) for one in points],
            [int(one.timestamp) for one in points],
            [float(one.value) for one in points],
        )

    def logged_models(self, experiment_id: str) -> list[LoggedModel]:
        """None where the source is older than logged models."""
        found: list[LoggedModel] = []
        token: str | None = None
        while True:
            try:
                page = self._client.search_logged_models([experiment_id], max_results=50, page_token=token)
            except Exception as error:
                if _is_unknown_to(error):
                    return []
                raise
            found += page
            token = page.token
            if not token:
                return found

    def traces(self, experiment_id: str) -> Iterator[TraceInfo]:
        """Every trace with its tags and assessments, the oldest first; none where the source is older than traces."""
        if "include_spans" not in inspect.signature(self._client.search_traces).parameters:
            raise UserErrorException("Traces are read with MLflow 3: install it here; the source may be older.")
        token: str | None = None
        while True:
            try:
                page = self._client.search_traces(
                    [experiment_id], None, _TRACES_PAGE, ["timestamp_ms ASC"], token, include_spans=False
                )
            except Exception as error:
                if _is_unknown_to(error):
                    return
                raise
            yield from (trace.info for trace in page)
            token = page.token
            if not token:
                return

    def spans(self, info: TraceInfo) -> list[Span]:
        """From the store, or from the file where older clients kept them; none of a trace that only began."""
        from mlflow.entities import TraceData

        if info.tags.get(SPANS_TAG) == SPANS_HERE:
            return list(self._client.get_trace(info.trace_id, display=False).data.spans)
        files = self.files(info.tags[LOCATION_TAG]) if LOCATION_TAG in info.tags else None
        if files is None or all(file.path != SPANS_FILE for file in files.listing()):
            return []
        with files.fetched(SPANS_FILE) as local:
            return list(TraceData.from_dict(json.loads(local.read_bytes())).spans)

    def registered_models(self) -> list[RegisteredModel]:
        """All of them, prompts included."""
        found: dict[str, RegisteredModel] = {}
        for condition in (None, "tags.`mlflow.prompt.is_prompt` = 'true'"):
            token: str | None = None
            while True:
                page = self._client.search_registered_models(condition, max_results=100, page_token=token)
                found.update({one.name: one for one in page})
                token = page.token
                if not token:
                    break
        return [found[name] for name in sorted(found)]

    def versions(self, model: RegisteredModel) -> list[ModelVersion]:
        """The versions of a model, the oldest first."""
        # MLflow's filters know no quote within quotes: a name with both kinds of them cannot be asked for.
        quote = "'" if "'" not in model.name else '"'
        clauses = [f"name = {quote}{model.name}{quote}"] if quote not in model.name else []
        if model.tags.get("mlflow.prompt.is_prompt") == "true":
            clauses.append("tags.`mlflow.prompt.is_prompt` = 'true'")
        found: list[ModelVersion] = []
        token: str | None = None
        while True:
            page = self._client.search_model_versions(
                " AND ".join(clauses) or None, max_results=_VERSIONS_PAGE, page_token=token
            )
            found += [one for one in page if one.name == model.name]
            token = page.token
            if not token:
                break
        return sorted(found, key=lambda one: int(one.version))

    def download_uri(self, version: ModelVersion) -> str:
        return str(self._client.get_model_version_download_uri(version.name, version.version))

    def files(self, uri: str) -> Files:
        """Raises ``UserErrorException`` for files that only a server can reach, of which the store alone is read."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        if uri.startswith(_PROXIED) and not self.uri.startswith("http"):
            if self._artifacts is None:
                raise UserErrorException(
                    f"The files at {uri} were kept by a server: name its address instead of its database, or tell "
                    "where it kept them with --artifacts (its own --artifacts-destination, by default ./mlartifacts)."
                )
            uri = f"{self._artifacts.rstrip('/')}/{uri[len(_PROXIED) :].lstrip('/')}"
        return Files(get_artifact_repository(uri, tracking_uri=self.uri))


@contextlib.contextmanager
def open_source(uri: str, artifacts: str | None = None) -> Iterator[Source]:
    """Open what ``uri`` names: http(s), a folder, or a database as SQLAlchemy writes it.

    ``artifacts``: where a server kept files that its database calls ``mlflow-artifacts:/``. Raises
    ``UserErrorException`` where MLflow is not installed, ``InvalidValue`` or ``NotFound`` for what cannot be read,
    ``ServerUnavailable`` and ``AuthenticationException`` for what a server says or does not say.
    """
    try:
        import mlflow  # noqa: F401
    except ImportError as error:
        raise UserErrorException(
            "Migrating reads with MLflow, which is not installed here: run `pip install mlflow` beside zaffre."
        ) from error
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    with contextlib.ExitStack() as stack:
        stack.enter_context(_environment())
        address = _checked(uri, stack)
        try:
            yield Source(address, MlflowClient(address, registry_uri=address), artifacts)
        except MlflowException as error:
            raise _refusal(_without_password(address), error) from error


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """MLflow 3 opens file stores only where this says so; and what it says of its own work is not for our users."""
    before = {name: os.environ.get(name) for name in (_ALLOW_FILES, _NO_TELEMETRY)}
    levels = {name: logging.getLogger(name).level for name in _HIDDEN}
    os.environ.update({_ALLOW_FILES: "true", _NO_TELEMETRY: "true"})
    for name in _HIDDEN:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def _checked(uri: str, stack: contextlib.ExitStack) -> str:
    """The address that MLflow is given; what is not there is refused, because MLflow would make it."""
    parts = urlsplit(uri)
    if parts.scheme in ("http", "https"):
        _check_answers(uri.rstrip("/"))
        return uri.rstrip("/")
    if parts.scheme in ("", "file"):
        return _folder(Path(unquote(parts.path) if parts.scheme else uri).expanduser())
    kind = parts.scheme.partition("+")[0]
    if kind == "sqlite":
        return _sqlite(uri, stack)
    if kind in ("postgresql", "mysql", "mssql"):
        _check_schema(uri)
        return uri
    raise InvalidValue(
        f"{parts.scheme}:// is nothing to migrate from: name a server (http://...), a folder (./mlruns) or a database "
        "(sqlite:///mlflow.db, postgresql://...)."
    )


def _check_answers(uri: str) -> None:
    """Raise ``ServerUnavailable`` where nobody listens: MLflow itself would try for minutes before it says so."""
    plain = _without_password(uri)
    try:
        with urllib.request.urlopen(f"{plain}/health", timeout=_PATIENCE_SECONDS):  # noqa: S310 - http or https
            return
    except urllib.error.HTTPError:
        return  # it answers: what it says is for MLflow to judge
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLError):
            return  # which certificates are trusted, MLflow's own settings say
        raise ServerUnavailable(
            f"No MLflow server answers at {plain} ({error.reason}). Check the address and that the server runs."
        ) from error
    except OSError:
        return  # it is slow


def _refusal(uri: str, error: MlflowException) -> AzureMLException:
    text = str(error)
    if error.get_http_status_code() in (401, 403) or "error code 401" in text or "error code 403" in text:
        return AuthenticationException(
            f"{uri} does not let this user read ({text[:300]}). Set MLFLOW_TRACKING_USERNAME and "
            "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, to those of a user there who may read everything."
        )
    return UserErrorException(f"{uri} cannot be read with MLflow {_mlflow_version()}: {text[:600]}")


def _mlflow_version() -> str:
    import mlflow

    return str(mlflow.__version__)


def _without_password(uri: str) -> str:
    """An address as it may be shown."""
    parts = urlsplit(uri)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if "@" in parts.netloc else uri


def _folder(path: Path) -> str:
    if path.is_file():
        raise InvalidValue(f"{path} is a file: write sqlite:///{path} for a SQLite store, or name the folder mlruns.")
    inner = path / "mlruns"
    if not _is_store(path) and _is_store(inner):
        path = inner
    if not _is_store(path):
        raise NotFound(f"{path} is no MLflow file store: it has no experiment (a folder with a meta.yaml) in it.")
    return path.resolve().as_uri()


def _is_store(path: Path) -> bool:
    return path.is_dir() and any(path.glob("*/meta.yaml"))


def _sqlite(uri: str, stack: contextlib.ExitStack) -> str:
    """A file whose tables are as this MLflow wants them; a copy that was brought there, if they are older."""
    from mlflow.store.db import utils

    file = Path(uri.partition(":///")[2])
    if not file.is_file():
        raise NotFound(f"There is no SQLite file {file}: write sqlite:///<path>; an absolute path has four slashes.")
    with contextlib.closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.DatabaseError as error:
            raise InvalidValue(f"{file} is no MLflow store ({error}).") from error
        if row is not None and row[0] == utils._get_latest_schema_revision():
            return f"sqlite:///{file.resolve()}"
        copy = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zaffre-migrate-"))) / "mlflow.db"
        with contextlib.closing(sqlite3.connect(copy)) as target:
            connection.backup(target)
    engine = utils.create_sqlalchemy_engine(f"sqlite:///{copy}")
    try:
        utils._upgrade_db(engine)
    except Exception as error:  # of whatever MLflow has below it; the copy is thrown away
        raise InvalidValue(
            f"MLflow {_mlflow_version()}, which is installed here, cannot read {file} ({error}). Where a newer one "
            "made it: pip install --upgrade mlflow."
        ) from error
    finally:
        engine.dispose()
    return f"sqlite:///{copy}"


def _check_schema(uri: str) -> None:
    from mlflow.store.db import utils

    engine = utils.create_sqlalchemy_engine(uri)
    try:
        version = utils._get_schema_version(engine)
    finally:
        engine.dispose()
    wanted = utils._get_latest_schema_revision()
    if version != wanted:
        raise InvalidValue(
            f"The database has MLflow's tables of version {version}, the MLflow installed here wants {wanted}: install "
            "the MLflow that made them, or migrate from the server that uses the database."
        )


def _is_unknown_to(error: Exception) -> bool:
    """Whether an older server or store does not know what it was asked for."""
    return isinstance(error, NotImplementedError) or str(getattr(error, "error_code", "")) in (
        "ENDPOINT_NOT_FOUND",
        "NOT_IMPLEMENTED",
    )
