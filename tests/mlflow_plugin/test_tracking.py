"""``azureml://`` URIs in the real client: tracking, files and tokens."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from mlflow.tracking.request_header.registry import resolve_request_headers

from tests.mlflow_plugin.conftest import AZURE
from tests.server_process import ServerProcess
from zaffre import __version__
from zaffre.core.errors import AuthenticationException, InvalidValue
from zaffre.mlflow_plugin.tracking import AzuremlTrackingStore
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.mlflow_address import locate, mlflow_access
from zaffre.sdk.mlflow_runs import get_portal_url, tracking_scope
from zaffre.sdk.run import Run
from zaffre.sdk.workspace import Workspace


def test_a_run_with_files_is_a_run_of_the_workspace(
    tracking: MlflowClient, workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("one", "utf-8")
    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 0.5, step=3)
        mlflow.log_param("lr", 0.1)
        mlflow.log_artifact(str(tmp_path / "notes.txt"), "texts")
        mlflow.log_text("two", "texts/more.txt")
        mlflow.log_dict({"a": 1}, "a.json")

    ours = Run(Experiment(workspace, "tests"), run.info.run_id)
    assert (ours.status, ours.get_metrics()) == ("Completed", {"loss": 0.5})
    assert ours.get_file_names() == ["a.json", "texts/more.txt", "texts/notes.txt"]
    assert [info.path for info in tracking.list_artifacts(run.info.run_id, "texts")] == [
        "texts/more.txt",
        "texts/notes.txt",
    ]
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/texts/more.txt") == "two"
    folder = mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/texts", dst_path=str(tmp_path / "got"))
    assert sorted(path.name for path in Path(folder).iterdir()) == ["more.txt", "notes.txt"]
    assert get_portal_url(run) == ours.get_portal_url()


def test_artifact_uris_are_of_the_clients_own_scheme(tracking: MlflowClient, uri: str) -> None:
    with mlflow.start_run() as run:
        pass
    found = tracking.search_runs([run.info.experiment_id])[0]
    assert run.info.artifact_uri == found.info.artifact_uri
    assert run.info.artifact_uri.startswith(f"{uri}/artifacts/")
    assert tracking.get_experiment(run.info.experiment_id).artifact_location.startswith(f"{uri}/artifacts/")


def test_files_that_no_uri_of_ours_names_are_refused(tracking: MlflowClient) -> None:
    assert tracking
    with pytest.raises(MlflowException, match="not the address of files in a workspace"):
        mlflow.artifacts.load_text("azureml://datastores/blob/paths/x.txt")


def test_every_form_of_the_address_leads_to_the_workspace(
    workspace: Workspace, server: ServerProcess, uri: str
) -> None:
    here = f"127.0.0.1:{server.port}"
    for form in (
        uri,
        f"{uri}?",
        f"azureml://{here}/workspaces/{workspace.name}",
        f"azureml:///workspaces/{workspace.name}",
    ):
        assert locate(form).workspace == workspace.name, form
        assert locate(form).client.url == server.url
    for form in ("azureml://", f"azureml://{here}", f"azureml://{here}/"):
        assert locate(form).workspace == "default"


@pytest.mark.parametrize(
    ("form", "error", "words"),
    [
        ("azureml://127.0.0.1:1/workspaces/w", AuthenticationException, "no token here for the server 127.0.0.1:1"),
        ("azureml://token:hidden@host/workspaces/w", InvalidValue, "without a user or token"),
        ("azureml://api.azureml.ms/mlflow/v2.0", InvalidValue, "names no workspace"),
        ("https://host/workspaces/w", InvalidValue, "not an address of a workspace"),
    ],
)
def test_another_address_is_refused(server: ServerProcess, form: str, error: type[Exception], words: str) -> None:
    assert server.url
    with pytest.raises(error, match=words) as caught:
        locate(form)
    assert "hidden" not in str(caught.value)


def test_the_workspace_of_azuremls_helpers_is_that_of_the_uri(tracking: MlflowClient, workspace: Workspace) -> None:
    assert tracking
    assert tracking_scope().workspace == workspace.name


def test_requests_name_this_product_only_where_the_uri_leads_to_it(tracking: MlflowClient) -> None:
    assert tracking
    assert f"zaffre/{__version__}" in resolve_request_headers()["User-Agent"]
    mlflow.set_tracking_uri("http://127.0.0.1:1")
    assert "zaffre" not in resolve_request_headers()["User-Agent"]


def test_a_token_that_expires_is_replaced_in_time(
    workspace: Workspace, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With tokens of two seconds a client goes on for longer than that; a plain URI does not."""
    monkeypatch.setenv("ZAFFRE_MLFLOW_TOKEN_SECONDS", "2")
    plain = MlflowClient(workspace.get_mlflow_tracking_uri())
    renewing = MlflowClient(uri)
    run = renewing.create_run(renewing.create_experiment("renewed")).info.run_id
    plain.log_metric(run, "plain", 1.0)
    wait_until_refused(plain, run)
    renewing.log_metric(run, "ours", 1.0)
    renewing.log_text(run, "late", "late.txt")
    handed = MlflowClient(workspace.get_mlflow_tracking_uri())
    handed.log_metric(run, "handed", 2.0)
    assert set(renewing.get_run(run).data.metrics) == {"plain", "ours", "handed"}


def wait_until_refused(client: MlflowClient, run: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            client.get_run(run)
        except MlflowException as error:
            if "expired" in str(error):
                return
            raise
        time.sleep(0.1)
    raise AssertionError("a token of two seconds was still good after a minute")


def test_a_token_that_was_revoked_is_replaced(uri: str) -> None:
    store: Any = AzuremlTrackingStore(uri)
    experiment = store.create_experiment("revoked", None, None)
    store._tokens._access = type(store._tokens.current())(store._tokens.current().host, "not-a-token")
    assert store.get_experiment(experiment).name == "revoked"


def test_an_hour_is_the_default(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    _, left = mlflow_access(workspace._scope)
    assert 3500 < left <= 3600
    monkeypatch.setenv("ZAFFRE_MLFLOW_TOKEN_SECONDS", "soon")
    with pytest.raises(InvalidValue, match="ZAFFRE_MLFLOW_TOKEN_SECONDS is 'soon'"):
        workspace.get_mlflow_tracking_uri()


def test_azures_form_makes_the_workspace_on_first_use(server: ServerProcess, workspace_name: str) -> None:
    assert server.url
    client = MlflowClient(f"{AZURE}{workspace_name}")
    assert [one.name for one in client.search_experiments()] == []
    assert Workspace.get(workspace_name).resource_group == "group"
