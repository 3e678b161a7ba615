"""How an MLflow client says who it is: in the URI, as a token, as user and password, or not at all."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import uuid4

import mlflow
import pytest
from mlflow.exceptions import RestException
from mlflow.tracking import MlflowClient

from tests.mlflow_client.conftest import open_workspace
from tests.server_process import ServerProcess


def works(uri: str) -> bool:
    """Whether a client with this tracking URI can log a run with a file, and read both."""
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    run = client.create_run(client.create_experiment(f"identity-{uuid4().hex}"))
    client.log_metric(run.info.run_id, "m", 1)
    mlflow.set_tracking_uri(uri)
    try:
        client.log_text(run.info.run_id, "words", "a.txt")
        text = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/a.txt")
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    return text == "words" and client.get_run(run.info.run_id).data.metrics == {"m": 1.0}


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


def with_password(uri: str, token: str, user: str = "token") -> str:
    parts = urlsplit(uri)
    return parts._replace(netloc=f"{user}:{token}@{parts.netloc}").geturl()


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("user", ["token", "anybody"])
def test_the_token_may_stand_in_the_uri(server: ServerProcess, workspace_name: str, user: str) -> None:
    uri = open_workspace(server, workspace_name)
    assert works(with_password(uri, server.token, user))
    assert works(with_password(server.url, server.token, user))  # the default workspace


@pytest.mark.usefixtures("patience")
def test_the_token_may_come_from_the_environment(
    server: ServerProcess, workspace_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = open_workspace(server, workspace_name)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    assert works(uri)


@pytest.mark.usefixtures("patience")
def test_the_token_may_be_a_password(
    server: ServerProcess, workspace_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = open_workspace(server, workspace_name)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", server.token)
    assert works(uri)


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("token", [None, "wrong", "x" * 500])
def test_nobody_gets_in_without_it(
    server: ServerProcess, workspace_name: str, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    uri = open_workspace(server, workspace_name)
    if token is not None:
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token)
    with pytest.raises(RestException) as caught:
        MlflowClient(tracking_uri=uri).search_experiments()
    assert caught.value.error_code == "UNAUTHENTICATED"
    assert server.token not in str(caught.value)


@pytest.mark.usefixtures("patience")
def test_a_workspace_that_is_not_there_is_named(server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    with pytest.raises(RestException, match="no-such-place") as caught:
        MlflowClient(tracking_uri=f"{server.url}/workspaces/no-such-place").create_experiment("x")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.usefixtures("patience")
def test_no_token_is_in_any_log(server: ServerProcess, workspace_name: str) -> None:
    uri = with_password(open_workspace(server, workspace_name), server.token)
    assert works(uri)
    with pytest.raises(RestException):
        MlflowClient(tracking_uri=uri).get_run("0" * 32)
    logs = [server.output(), *(log.read_text(errors="replace") for log in server.home.glob("*.log"))]
    assert not [log for log in logs if server.token in log]
