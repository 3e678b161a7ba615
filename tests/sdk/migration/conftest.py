"""Real MLflow stores, each with the same things in it, and a workspace to copy them to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ["DO_NOT_TRACK"] = "true"  # read when mlflow is imported: it would report to its makers

import mlflow
import pytest
from mlflow.data.http_dataset_source import HTTPDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import DatasetInput, InputTag, LoggedModelOutput, LoggedModelStatus, Metric, Param, RunTag
from mlflow.tracking import MlflowClient

from tests.server_process import ServerProcess, free_port
from zaffre.sdk.scope import Scope
from zaffre.sdk.workspace import Workspace

HISTORY = 1500  # points of the long metric: more than MLflow takes in one batch


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow makes a store of its own in the working directory, whatever store it was asked about."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))


@pytest.fixture
def workspace(server: ServerProcess, workspace_name: str) -> Workspace:
    assert server.url
    return Workspace("sub", "group", workspace_name)


@pytest.fixture
def scope(workspace: Workspace) -> Scope:
    return workspace._scope


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user's old file store was written with."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")


@pytest.fixture
def file_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder mlruns, as MLflow 2 wrote it; MLflow 3 opens it only with a switch, which is off again."""
    folder = tmp_path / "mlruns"
    with monkeypatch.context() as patched:
        patched.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        fill(MlflowClient(str(folder), registry_uri=str(folder)), tmp_path, logged_models=False)
    return str(folder)


@pytest.fixture
def sqlite_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    # A version that names a logged model is looked up in the default store, whatever the client was made for.
    mlflow.set_tracking_uri(uri)
    fill(MlflowClient(uri, registry_uri=uri), tmp_path)
    yield uri
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]


@pytest.fixture
def mlflow_server(tmp_path: Path) -> Iterator[str]:
    """A real ``mlflow server`` that keeps the files itself."""
    with start_mlflow(tmp_path / "server") as uri:
        fill(MlflowClient(uri, registry_uri=uri), tmp_path)
        yield uri


class start_mlflow:
    """A server process in ``folder``, ended with the context."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self._port)]
        command += ["--backend-store-uri", f"sqlite:///{self._folder}/mlflow.db", "--workers", "1"]
        command += ["--artifacts-destination", str(self._folder / "artifacts")]
        with (self._folder / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Its workers for jobs are half of what it costs to start, and nothing here gives it a job.
                env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self._process.poll() is None, (self._folder / "output.txt").read_text()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/health", timeout=5):
                    return f"http://127.0.0.1:{self._port}"
            except OSError:
                time.sleep(0.2)
        raise AssertionError((self._folder / "output.txt").read_text())

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=30)


def fill(client: MlflowClient, scratch: Path, *, logged_models: bool = True) -> None:
    """Two experiments (one deleted), nested, failed and deleted runs, files, data sets, and models of every origin."""
    experiment = client.create_experiment("churn: 2024", tags={"team": "blue"})
    gone = client.create_experiment("given-up")
    parent = _run(client, experiment, "parent", 1_700_000_000_000, {"mlflow.source.name": "sweep.py"})
    points = [Metric("loss", 1 / (step + 1), 1_700_000_000_000 + step, step) for step in range(HISTORY)]
    for at in range(0, HISTORY, 1000):
        client.log_batch(parent, metrics=points[at : at + 1000])
    client.log_batch(
        parent,
        metrics=[Metric("acc", 0.5, 1, 0), Metric("acc", float("nan"), 2, 1), Metric("big", 1e300, 1, 0)],
        params=[Param("lr", "0.1"), Param("layers", "[1, 2]")],
        tags=[RunTag("note", "ünï cödé")],
    )
    client.log_text(parent, "weights", "model/weights.txt")
    client.log_text(parent, "name: x", "model/MLmodel")
    client.log_text(parent, "", "empty.txt")
    dataset = MetaDataset(  # type: ignore[abstract]
        HTTPDatasetSource("http://example.org/data.csv"), name="data", digest="abc123"
    )
    client.log_inputs(parent, [DatasetInput(dataset._to_mlflow_entity(), [InputTag("mlflow.data.context", "train")])])
    child = _run(client, experiment, "child", 1_700_000_001_000, {"mlflow.parentRunId": parent})
    early = _run(client, experiment, "early child", 1_600_000_000_000, {"mlflow.parentRunId": parent})
    deleted = _run(client, experiment, "deleted", 1_700_000_002_000, {})
    client.log_metric(deleted, "loss", 9.0)
    for run, status, end in (
        (parent, "FINISHED", 1_700_000_009_000),
        (child, "FAILED", 1_700_000_003_000),
        (early, "KILLED", 1_600_000_003_000),
        (deleted, "FINISHED", 1_700_000_004_000),
    ):
        client.set_terminated(run, status, end)
    client.delete_run(deleted)
    lost = _run(client, gone, "lost", 1_700_000_000_000, {})
    client.set_terminated(lost, "FINISHED", 1_700_000_001_000)
    _register(client, parent)
    if logged_models:
        _log_models(client, experiment, parent, scratch)
    client.delete_experiment(gone)


def _run(client: MlflowClient, experiment: str, name: str, start: int, tags: dict[str, str]) -> str:
    tags = {"mlflow.user": "ada", **tags}
    return str(client.create_run(experiment, start_time=start, tags=tags, run_name=name).info.run_id)


def _register(client: MlflowClient, run: str) -> None:
    """A model with versions 1 and 3 of a run's files, and one without versions."""
    client.create_registered_model("churn model", tags={"kind": "tree"}, description="who leaves")
    root = client.get_run(run).info.artifact_uri
    for number in (1, 2, 3):
        client.create_model_version("churn model", f"{root}/model", run, tags={"n": str(number)})
    client.delete_model_version("churn model", "2")
    client.set_registered_model_alias("churn model", "champion", "3")
    client.update_model_version("churn model", "1", "the first")
    client.create_registered_model("empty")


def _log_models(client: MlflowClient, experiment: str, run: str, scratch: Path) -> None:
    model = client.create_logged_model(
        experiment, name="net", source_run_id=run, tags={"a": "b"}, params={"depth": "3"}, model_type="forest"
    )
    folder = scratch / "net"
    folder.mkdir()
    (folder / "MLmodel").write_text("name: net")
    (folder / "data").mkdir()
    (folder / "data" / "weights.bin").write_bytes(b"\0" * 5000)
    client.log_model_artifacts(model.model_id, str(folder))
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.log_outputs(run, [LoggedModelOutput(model.model_id, step=7)])
    client.log_metric(run, "auc", 0.75, timestamp=5, step=1, model_id=model.model_id)
    client.create_registered_model("net")
    client.create_model_version("net", f"models:/{model.model_id}", run, model_id=model.model_id)


Describe = Callable[[MlflowClient], dict[str, Any]]


def described(client: MlflowClient) -> dict[str, Any]:
    """All that a client sees, but for addresses and for what a workspace names itself."""
    from mlflow.entities import ViewType

    experiments = client.search_experiments(view_type=ViewType.ALL)
    names = {one.experiment_id: one.name for one in experiments}
    runs = client.search_runs(list(names), run_view_type=ViewType.ALL)
    return {
        "experiments": sorted((one.name, one.lifecycle_stage, tuple(one.tags.items())) for one in experiments),
        "runs": {run.info.run_id: _of_run(client, run, names) for run in runs},
        "models": {
            model.name: (
                model.description or "",
                model.tags,
                dict(model.aliases),
                model.creation_timestamp,
                [_of_version(one) for one in client.search_model_versions(f"name = '{model.name}'")],
            )
            for model in client.search_registered_models()
        },
    }


def _of_run(client: MlflowClient, run: Any, names: dict[str, str]) -> dict[str, Any]:
    info = run.info
    found: Any = client.get_run(run.info.run_id)
    return {
        "experiment": names[info.experiment_id],
        "info": (info.run_name, info.status, info.start_time, info.end_time, info.lifecycle_stage, info.user_id),
        "tags": dict(run.data.tags),
        "params": dict(run.data.params),
        "metrics": {
            key: sorted(
                (one.step, one.timestamp, repr(one.value)) for one in client.get_metric_history(info.run_id, key)
            )
            for key in run.data.metrics
        },
        "files": _files(client, info.run_id, None),
        "datasets": [
            (one.dataset.name, one.dataset.digest, one.dataset.source, [(tag.key, tag.value) for tag in one.tags])
            for one in found.inputs.dataset_inputs
        ],
        "outputs": [(one.model_id, one.step) for one in (found.outputs.model_outputs if found.outputs else [])],
    }


def _files(client: MlflowClient, run: str, folder: str | None) -> dict[str, str]:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    repository = get_artifact_repository(client.get_run(run).info.artifact_uri, tracking_uri=client.tracking_uri)
    found: dict[str, str] = {}
    for info in repository.list_artifacts(folder):
        if info.is_dir:
            found |= _files(client, run, info.path)
        else:
            local = repository.download_artifacts(info.path)
            found[info.path] = Path(local).read_text()
    return found


def _of_version(version: Any) -> tuple[Any, ...]:
    return (
        str(version.version),  # a number in file stores
        version.description or "",
        version.tags,
        version.current_stage,
        version.run_id,
        version.creation_timestamp,
    )
