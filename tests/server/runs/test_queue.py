"""Runs on compute targets: a real server starts real runners for real scripts."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from tests.server_process import ServerProcess
from zaffre.core.entities import ComputeTarget, Run, Snapshot
from zaffre.core.errors import AzureMLException, StateConflict
from zaffre.core.states import RUN_TERMINAL, RunStatus
from zaffre.sdk.client import Client

WAIT = "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists():\n    time.sleep(0.02)\n"


class Lab:
    """One workspace of a server, in which scripts are submitted to compute targets."""

    def __init__(self, server: ServerProcess, workspace: str) -> None:
        self.server = server
        self.workspace = workspace
        client = self.client
        client.get(self.at(""), dict[str, Any], create=True)
        client.put(self.at("/experiments/exp"), dict[str, Any])

    @property
    def client(self) -> Client:
        return Client(self.server.url, self.server.token)

    def at(self, path: str) -> str:
        return f"/api/v1/workspaces/{self.workspace}{path}"

    def submit(self, text: str, *arguments: str, target: str = "cpu", **spec: Any) -> str:
        data = text.encode()
        sha256 = hashlib.sha256(data).hexdigest()
        self.client.upload(self.at(f"/snapshots/blobs/{sha256}"), data)
        files = [{"path": "train.py", "sha256": sha256, "size": len(data)}]
        snapshot = self.client.post(self.at("/snapshots"), Snapshot, {"files": files})
        body = {
            "target": target,
            "snapshot_id": snapshot.id,
            "spec": {
                "script": "train.py",
                "arguments": list(arguments),
                "environment": {"python": {"userManagedDependencies": True}},
                "interpreter": sys.executable,
                **spec,
            },
        }
        return self.client.post(self.at("/experiments/exp/runs"), Run, body).id

    def run(self, run_id: str) -> Run:
        return self.client.get(self.at(f"/runs/{run_id}"), Run)

    def until(self, run_id: str, holds: Callable[[Run], bool], seconds: float = 120) -> Run:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run = self.run(run_id)
            if holds(run):
                return run
            time.sleep(0.1)
        raise AssertionError(f"{run}\n{self.server.output()}")

    def end(self, run_id: str) -> Run:
        return self.until(run_id, lambda run: run.status in RUN_TERMINAL)

    def statuses(self, run_id: str) -> list[str]:
        return [event["status"] for event in self.client.get(self.at(f"/runs/{run_id}/events"), list[dict[str, Any]])]


@pytest.fixture
def lab(server: ServerProcess, workspace_name: str) -> Lab:
    return Lab(server, workspace_name)


def test_a_submitted_script_runs_on_a_target_that_is_made_for_it(lab: Lab) -> None:
    run_id = lab.submit("import pathlib\npathlib.Path('outputs/a').write_text('made')\n")
    ended = lab.end(run_id)
    assert ended.status is RunStatus.COMPLETED, ended.error
    statuses = lab.statuses(run_id)
    assert statuses[:2] == ["Queued", "Starting"]
    assert statuses[-1] == "Completed"
    assert lab.client.read(lab.at(f"/runs/{run_id}/artifacts/outputs/a")) == b"made"
    [compute] = lab.client.items(lab.at("/computes"), ComputeTarget)
    assert (compute.name, compute.max_nodes, compute.running_nodes) == ("cpu", 1, 0)


def test_who_waits_is_told_for_what_and_goes_in_order(lab: Lab, tmp_path: Any) -> None:
    gates = [tmp_path / str(i) for i in range(3)]
    runs = [lab.submit(WAIT, str(gate)) for gate in gates]
    lab.until(runs[0], lambda run: run.status is RunStatus.RUNNING)
    second = lab.until(runs[1], lambda run: "position 1 of 2" in (run.waiting_for or ""))
    assert second.status is RunStatus.QUEUED
    assert "1 of 1 nodes busy" in (second.waiting_for or "")
    lab.until(runs[2], lambda run: "position 2 of 2" in (run.waiting_for or ""))
    with pytest.raises(StateConflict, match="1 of its nodes run"):
        lab.client.delete(lab.at("/computes/cpu"))
    for gate in gates:
        gate.touch()
    ended = [lab.end(run) for run in runs]
    assert {run.status for run in ended} == {RunStatus.COMPLETED}
    starts = [run.start_time or 0 for run in ended]
    assert starts == sorted(starts)
    assert all(run.waiting_for is None for run in ended)


def test_a_target_of_two_nodes_runs_two_at_once(lab: Lab, tmp_path: Any) -> None:
    lab.client.put(lab.at("/computes/cpu"), ComputeTarget, {"max_nodes": 2})
    gate = tmp_path / "gate"
    runs = [lab.submit(WAIT, str(gate)) for _ in range(3)]
    for run in runs[:2]:
        lab.until(run, lambda run: run.status is RunStatus.RUNNING)
    assert lab.until(runs[2], lambda run: "2 of 2 nodes busy" in (run.waiting_for or "")).status is RunStatus.QUEUED
    gate.touch()
    assert {lab.end(run).status for run in runs} == {RunStatus.COMPLETED}


def test_a_queued_run_is_canceled_at_once_and_a_running_one_soon(lab: Lab, tmp_path: Any) -> None:
    first, second = (lab.submit(WAIT, str(tmp_path / "never")) for _ in range(2))
    lab.until(first, lambda run: run.status is RunStatus.RUNNING)
    assert lab.client.post(lab.at(f"/runs/{second}/cancel"), Run).status is RunStatus.CANCELED
    assert lab.client.post(lab.at(f"/runs/{first}/cancel"), Run).status is RunStatus.CANCEL_REQUESTED
    assert lab.end(first).status is RunStatus.CANCELED
    assert lab.run(second).status is RunStatus.CANCELED


def test_a_script_that_fails_says_why(lab: Lab) -> None:
    ended = lab.end(lab.submit("raise ValueError('no such data')\n"))
    assert ended.status is RunStatus.FAILED
    assert ended.error is not None
    assert "no such data" in f"{ended.error.message} {ended.error.details}"


def test_a_runner_that_is_killed_fails_its_run_with_that_reason(lab: Lab, tmp_path: Any) -> None:
    run_id = lab.submit(WAIT, str(tmp_path / "never"))
    lab.until(run_id, lambda run: run.status is RunStatus.RUNNING)
    family = runners(lab, run_id)
    for process in family:
        process.kill()
    ended = lab.end(run_id)
    assert ended.status is RunStatus.FAILED
    assert ended.error is not None
    assert "runner of the run" in ended.error.message


def runners(lab: Lab, run_id: str) -> list[psutil.Process]:
    """The runner of a run and the script below it."""
    found = []
    assert lab.server.process is not None
    for process in psutil.process_iter():
        try:
            if process.environ().get("AZUREML_RUN_ID") == run_id:
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
    assert found
    return found


def test_a_run_goes_on_while_its_server_is_killed_and_comes_back(
    own_server: ServerProcess, workspace_name: str, tmp_path: Any
) -> None:
    lab = Lab(own_server, workspace_name)
    gate = tmp_path / "gate"
    running, queued = lab.submit(WAIT, str(gate)), lab.submit("print('second')\n")
    lab.until(running, lambda run: run.status is RunStatus.RUNNING)
    own_server.kill()
    gate.touch()
    own_server.start()
    assert lab.end(running).status is RunStatus.COMPLETED
    assert lab.end(queued).status is RunStatus.COMPLETED


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({"node_count": 2}, "Unsupported"),
        ({"script": None}, "InvalidValue"),
        ({"command": "echo"}, "InvalidValue"),
    ],
)
def test_what_no_target_honours_is_refused_at_submit(lab: Lab, spec: dict[str, Any], code: str) -> None:
    with pytest.raises(AzureMLException) as caught:
        lab.submit("pass\n", **spec)
    assert caught.value.code == code
