"""Permissions as MLflow's own clients set them, and what two users with them meet; on both databases."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import mlflow
import pytest
from mlflow.exceptions import MlflowException, RestException
from mlflow.tracking import MlflowClient
from requests import HTTPError

from tests.mlflow_client.conftest import open_workspace
from tests.mlflow_client.test_older import PACKAGES, environment_with
from tests.mlflow_client.test_users import PASSWORD, sign_in
from tests.server_process import ServerProcess, clean_environment
from zaffre.core.entities import User
from zaffre.core.wire import UserPatch
from zaffre.sdk.client import Client

OLDER = Path(__file__).parent / "older" / "permissions.py"

pytestmark = [
    # Of MLflow's own server, which its client imports.
    pytest.mark.filterwarnings("ignore:starlette.middleware.wsgi is deprecated"),
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),
]


@pytest.fixture
def uri(server: ServerProcess, workspace_name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    return open_workspace(server, workspace_name)


@pytest.fixture
def auth(uri: str) -> Any:
    """MLflow's client for users and permissions, as the account that runs the server."""
    from mlflow.server import get_app_client

    return get_app_client("basic-auth", tracking_uri=uri)


@pytest.fixture
def users(auth: Any) -> tuple[str, str]:
    names = (f"u-{uuid4().hex[:8]}", f"u-{uuid4().hex[:8]}")
    for name in names:
        auth.create_user(name, PASSWORD)
    return names


def denied(act: Any) -> None:
    with pytest.raises(RestException) as caught:
        act()
    assert caught.value.error_code == "PERMISSION_DENIED"
    assert caught.value.get_http_status_code() == 403


def test_a_maker_lets_others_in_and_out(
    auth: Any, uri: str, users: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    maker, other = users
    client = MlflowClient(uri)
    sign_in(monkeypatch, maker)
    experiment = client.create_experiment("theirs")
    run = client.create_run(experiment).info.run_id
    (tmp_path / "f.txt").write_text("x")
    client.log_artifact(run, str(tmp_path / "f.txt"))
    assert auth.get_user_permission(maker, "experiment", experiment).permission == "MANAGE"
    auth.grant_user_permission(other, "experiment", experiment, "READ")
    with pytest.raises(RestException, match="already") as caught:
        auth.grant_user_permission(other, "experiment", experiment, "EDIT")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"

    sign_in(monkeypatch, other)
    said = auth.get_user_permission(other, "experiment", experiment)
    assert (said.allowed, said.permission) == (False, "READ")
    assert [found.info.run_id for found in client.search_runs([experiment])] == [run]
    denied(lambda: client.log_metric(run, "loss", 0.5))
    denied(lambda: client.create_run(experiment))
    denied(lambda: client.set_experiment_tag(experiment, "k", "v"))
    denied(lambda: client.delete_experiment(experiment))
    denied(lambda: auth.grant_user_permission(other, "experiment", experiment, "MANAGE"))
    with pytest.raises(HTTPError, match="PERMISSION_DENIED"):
        client.log_artifact(run, str(tmp_path / "f.txt"))
    assert [file.path for file in client.list_artifacts(run)] == ["f.txt"]

    sign_in(monkeypatch, maker)
    auth.revoke_user_permission(other, "experiment", experiment)
    with pytest.raises(RestException) as caught:
        auth.revoke_user_permission(other, "experiment", experiment)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    auth.grant_user_permission(other, "experiment", experiment, "NO_PERMISSIONS")

    sign_in(monkeypatch, other)
    denied(lambda: client.get_run(run))
    denied(lambda: client.get_experiment(experiment))
    denied(lambda: client.get_experiment_by_name("theirs"))
    assert client.search_runs([experiment]) == []
    assert "theirs" not in [found.name for found in client.search_experiments()]
    with pytest.raises(MlflowException):
        mlflow.artifacts.download_artifacts(f"runs:/{run}/f.txt", dst_path=str(tmp_path / "got"), tracking_uri=uri)

    sign_in(monkeypatch, maker)
    client.log_metric(run, "loss", 0.25)
    assert client.get_run(run).data.metrics == {"loss": 0.25}


def test_a_reader_who_may_edit_logs_there(
    auth: Any, uri: str, users: tuple[str, str], server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, _ = users
    client = MlflowClient(uri)
    experiment, other = client.create_experiment("one"), client.create_experiment("another")
    Client(server.url, server.token).patch(f"/api/v1/users/{reader}", User, UserPatch(role="reader"))
    auth.grant_user_permission(reader, "experiment", experiment, "EDIT")
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    sign_in(monkeypatch, reader)
    run = client.create_run(experiment).info.run_id
    client.log_metric(run, "loss", 0.5)
    client.set_terminated(run)
    assert client.get_run(run).info.status == "FINISHED"
    denied(lambda: client.create_run(other))
    denied(lambda: client.delete_run(run))
    denied(lambda: client.create_experiment("third"))


def test_registered_models_are_held_alike(
    auth: Any, uri: str, users: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    maker, other = users
    client = MlflowClient(uri, uri)
    sign_in(monkeypatch, maker)
    client.create_registered_model("theirs")
    auth.grant_user_permission(other, "registered_model", "theirs", "EDIT")
    sign_in(monkeypatch, other)
    client.set_registered_model_tag("theirs", "k", "v")
    client.update_registered_model("theirs", "described")
    denied(lambda: client.delete_registered_model("theirs"))
    sign_in(monkeypatch, maker)
    auth.revoke_user_permission(other, "registered_model", "theirs")
    auth.grant_user_permission(other, "registered_model", "theirs", "NO_PERMISSIONS")
    sign_in(monkeypatch, other)
    denied(lambda: client.get_registered_model("theirs"))
    denied(lambda: client.get_model_version_by_alias("theirs", "best"))
    assert client.search_registered_models() == []
    assert client.search_model_versions("name = 'theirs'") == []
    denied(lambda: client.set_registered_model_tag("theirs", "k", "v"))
    sign_in(monkeypatch, maker)
    client.delete_registered_model("theirs")


def test_the_client_of_mlflow_2_has_its_own_words(
    auth: Any, uri: str, users: tuple[str, str], server: ServerProcess, tmp_path: Path
) -> None:
    client = MlflowClient(uri, uri)
    experiment = client.create_experiment("old")
    client.create_registered_model("old")
    environment = clean_environment(
        tmp_path,
        MLFLOW_TRACKING_URI=uri,
        MLFLOW_TRACKING_TOKEN=server.token,
        MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
    )
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [environment_with(PACKAGES), OLDER, experiment, "old", users[0]],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert auth.get_user_permission(users[0], "experiment", experiment).permission == "EDIT"
