"""How an MLflow client says who it is: in the URI, as a token, as user and password, or not at all."""

from __future__ import annotations

import time
from urllib.parse import urlsplit
from uuid import uuid4

import mlflow
import pytest
from mlflow.exceptions import MlflowException, RestException
from mlflow.tracking import MlflowClient
from requests.exceptions import HTTPError

from azureml.core import Workspace
from tests.mlflow_client.conftest import open_workspace
from tests.server_process import ServerProcess
from zaffre.core.entities import Token, User
from zaffre.core.wire import UserCreate
from zaffre.sdk.client import Client


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


def add_user(server: ServerProcess, role: str = "user") -> str:
    name = f"u-{uuid4().hex[:8]}"
    admin = Client(server.url, server.token)
    admin.post("/api/v1/users", User, UserCreate(name=name, password="correct horse", role=role))
    return name


@pytest.mark.usefixtures("patience")
def test_a_user_and_a_password_open_the_workspace(
    server: ServerProcess, workspace_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = open_workspace(server, workspace_name)
    name = add_user(server)
    assert works(with_password(uri, "correct%20horse", name))
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "correct horse")
    assert works(uri)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "wrong")
    with pytest.raises(RestException, match="user name or the password") as caught:
        MlflowClient(tracking_uri=uri).search_experiments()
    assert caught.value.error_code == "UNAUTHENTICATED"


@pytest.mark.usefixtures("patience")
def test_a_reader_searches_and_logs_nothing(
    server: ServerProcess, workspace_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = open_workspace(server, workspace_name)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    owner = MlflowClient(tracking_uri=uri)
    experiment = owner.create_experiment("shown")
    run = owner.create_run(experiment)
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", add_user(server, "reader"))
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "correct horse")
    reader = MlflowClient(tracking_uri=uri, registry_uri=uri)
    assert [found.info.run_id for found in reader.search_runs([experiment])] == [run.info.run_id]
    assert [found.name for found in reader.search_experiments()].count("shown") == 1
    assert list(reader.search_registered_models()) == []
    assert list(reader.search_logged_models([experiment])) == []
    assert list(reader.search_traces(locations=[experiment])) == []
    for write in (
        lambda: reader.log_metric(run.info.run_id, "m", 1),
        lambda: reader.create_experiment("another"),
        lambda: reader.delete_run(run.info.run_id),
        lambda: reader.log_text(run.info.run_id, "x", "x.txt"),
        lambda: reader.create_registered_model("mine"),
    ):
        with pytest.raises((MlflowException, HTTPError), match=r"is a reader|403"):
            write()


@pytest.mark.usefixtures("patience")
def test_a_tracking_uri_expires_and_a_client_with_a_new_one_goes_on(
    server: ServerProcess, workspace_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace.create(workspace_name)
    monkeypatch.setenv("ZAFFRE_MLFLOW_TOKEN_SECONDS", "3")
    try:
        mlflow.set_tracking_uri(workspace.get_mlflow_tracking_uri())
        mlflow.set_experiment("long")
        run = mlflow.start_run()
        mlflow.log_metric("m", 1, step=0)
        time.sleep(3.1)
        with pytest.raises(RestException, match=r"expired at .*set_tracking_uri\(ws.get_mlflow_tracking_uri") as caught:
            mlflow.log_metric("m", 2, step=1)
        assert caught.value.error_code == "UNAUTHENTICATED"
        monkeypatch.delenv("ZAFFRE_MLFLOW_TOKEN_SECONDS")
        mlflow.set_tracking_uri(workspace.get_mlflow_tracking_uri())
        mlflow.log_metric("m", 3, step=2)
        mlflow.end_run()
        found = mlflow.get_run(run.info.run_id)
        assert (found.info.status, found.data.metrics) == ("FINISHED", {"m": 3.0})
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    tokens = Client(server.url, server.token).items("/api/v1/tokens", Token)
    (left,) = (one for one in tokens if one.kind == "mlflow" and one.workspace == workspace_name)
    assert left.expires_at is not None
    assert abs(left.expires_at - left.created_at - 3_600_000) < 5000  # an hour, unless told otherwise


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
