"""The real ``mlflow`` package against a real server process."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterator

os.environ["DO_NOT_TRACK"] = "true"  # read when mlflow is imported: it would report to its makers

import mlflow
import pytest
from mlflow.tracking import MlflowClient, fluent

from tests.server_process import ServerProcess


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
