"""MLflow inside a submitted run, as its script finds it: run id, experiment and a run token in the environment."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.mlflow_client.conftest import open_workspace
from tests.server_process import ServerProcess, clean_environment
from zaffre.core import contract

SCRIPT = """
    import mlflow, warnings

    warnings.simplefilter("ignore")
    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 0.25, step=1)
        mlflow.log_param("lr", 0.1)
        mlflow.log_text("words", "notes.txt")
        with mlflow.start_run(nested=True) as child:
            mlflow.log_metric("inner", 1)
    print(run.info.run_id, child.info.run_id)
"""


class Api:
    def __init__(self, server: ServerProcess, workspace: str) -> None:
        self.server = server
        self.base = f"{server.url}/api/v1/workspaces/{workspace}"

    def __call__(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own URL
            f"{self.base}{path}",
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.server.token}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read())


@pytest.fixture
def job(server: ServerProcess, workspace_name: str) -> tuple[Api, str]:
    """A submitted run that its runner reports as Running."""
    open_workspace(server, workspace_name)
    api = Api(server, workspace_name)
    api("PUT", "/experiments/jobs")
    run_id = api(
        "POST",
        "/experiments/jobs/runs",
        {"type": "azureml.scriptrun", "target": "local", "spec": {"script": "train.py"}},
    )["id"]
    api("PATCH", f"/runs/{run_id}", {"status": "Running"})
    return api, run_id


def test_a_script_logs_into_its_job_and_does_not_end_it(
    job: tuple[Api, str], server: ServerProcess, workspace_name: str, tmp_path: Path
) -> None:
    api, run_id = job
    environment = clean_environment(
        server.home,
        **{
            "DO_NOT_TRACK": "true",
            contract.MLFLOW_TRACKING_URI: f"{server.url}/workspaces/{workspace_name}",
            contract.MLFLOW_TRACKING_TOKEN: api("POST", f"/runs/{run_id}/token", {})["token"],
            contract.MLFLOW_RUN_ID: run_id,
            contract.MLFLOW_EXPERIMENT_NAME: "jobs",
        },
    )
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(SCRIPT))
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    mine, child = done.stdout.split()[-2:]
    assert mine == run_id
    found = api("GET", f"/runs/{run_id}")
    assert found["status"] == "Running"
    assert found.get("end_time") is None
    assert (found["metrics"], found["params"]) == ({"loss": 0.25}, {"lr": "0.1"})
    inner = api("GET", f"/runs/{child}")
    assert (inner["parent_id"], inner["status"], inner["metrics"]) == (run_id, "Completed", {"inner": 1.0})
    files = api("GET", f"/runs/{run_id}/artifacts")["items"]
    assert [item["path"] for item in files] == ["notes.txt"]
