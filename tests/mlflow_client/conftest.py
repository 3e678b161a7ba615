"""The real ``mlflow`` package against a real server process, over either kind of database."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterator

os.environ["DO_NOT_TRACK"] = "true"  # read when mlflow is imported: it would report to its makers

import mlflow
import pytest
from mlflow.tracking import MlflowClient, fluent

from tests.postgresql import Cluster
from tests.server_process import STRAYS, ServerProcess

# Modules whose tests run over PostgreSQL too: those that say what the store keeps and how it is searched.
ON_BOTH = ("test_tracking", "test_grammar", "test_models", "test_prompts", "test_traces", "test_permissions")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" in metafunc.fixturenames and metafunc.module.__name__.rpartition(".")[2] in ON_BOTH:
        metafunc.parametrize("server", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def postgresql_server(postgresql: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    address = postgresql.lend()
    running = ServerProcess(tmp_path_factory.mktemp("zaffre") / "home", database=address).start()
    yield running
    running.stop()
    postgresql.give_back(address)


@pytest.fixture
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ServerProcess:
    """A server that the session shares, made known to this process as a user's own."""
    over = getattr(request, "param", "sqlite")
    shared: ServerProcess = request.getfixturevalue("shared_server" if over == "sqlite" else "postgresql_server")
    for name in [name for name in os.environ if name.startswith(STRAYS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ZAFFRE_HOME", str(shared.home))
    return shared


def open_workspace(server: ServerProcess, name: str) -> str:
    """Create the workspace by looking at it, and return its tracking URI."""
    request = urllib.request.Request(  # noqa: S310 - our own URL
        f"{server.url}/api/v1/workspaces/{name}?create=true", headers={"Authorization": f"Bearer {server.token}"}
    )
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310
        return f"{server.url}/workspaces/{name}"


@pytest.fixture
def tracking_uri(server: ServerProcess, workspace_name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The tracking URI of a workspace of this test alone; the token comes from the environment."""
    uri = open_workspace(server, workspace_name)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    return uri


@pytest.fixture
def tracking(tracking_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowClient]:
    """``mlflow`` set up as a script does it, with experiment "tests"; nothing of it outlives the test."""
    monkeypatch.setattr(fluent, "_active_experiment_id", None)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "")  # set_experiment sets it for the process's children
    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_experiment("tests")
    yield MlflowClient()
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
