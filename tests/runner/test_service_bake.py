"""An update that turns out badly: it is watched for a time, and taken back without a lost request."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import waiting
from tests.runner.callers import Callers
from tests.runner.test_service import SECONDS, delete, deploy
from tests.server_process import ServerProcess
from zaffre.core.errors import DeploymentFailed
from zaffre.sdk.service_start import ensure_supervisor
from zaffre.sdk.webservice_local import LocalWebservice

until = partial(waiting.until, patience=SECONDS)

GOOD = """
import json
def init(): print("good")
def run(data): return "good"
"""
FAILING = """
import os
def init(): print("failing")
def run(data):
    if os.path.exists(SWITCH): raise ValueError("badly made")
    return "not yet"
SWITCH = "/no/such/file"
"""
SLOW = """
import time
def init(): pass
def run(data):
    time.sleep(0.05)
    return "slow"
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


@pytest.fixture
def service(server: ServerProcess, workspace_name: str, source: Path) -> Iterator[LocalWebservice]:
    assert server.url
    yield deploy(workspace_name, source, GOOD)
    delete(workspace_name)


def state(service: LocalWebservice) -> dict[str, Any] | None:
    service.update_deployment_state()
    return service.error


def rolled_back(service: LocalWebservice) -> dict[str, Any]:
    error: dict[str, Any] = until(lambda: state(service), "the roll-back")
    assert error["details"]["reason"] == "RolledBack", error
    return error


def test_a_revision_that_fails_is_taken_back_and_says_why(
    service: LocalWebservice, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    switch = source.parent / "fail"
    (source / "score.py").write_text(FAILING.replace("/no/such/file", str(switch)))
    service.reload(wait=True)
    assert service.steps[-1].name == "bake"
    assert service.steps[-1].ended_at is None
    assert "goes back to revision 1 when more than 50% of its answers are errors" in service.steps[-1].detail
    assert service.scoring_uri is not None
    with Callers(service.scoring_uri, count=4, pause=0.01) as callers:
        until(lambda: "not yet" in callers.answers(200), "answers of the new revision")
        switch.touch()
        error = rolled_back(service)
        until(lambda: callers.last(20) == {(200, "good")}, "answers of the old revision")
    assert callers.lost == []
    assert set(callers.statuses()) == {200, 500}
    assert service.state == "running"
    assert "Revision 2 was rolled back after " in error["message"]
    assert "answers were errors (" in error["message"]
    assert error["message"].endswith("the limit is 50%). Revision 1 serves again.")
    assert error["details"]["serving_revision"] == 1
    assert [step.name for step in service.steps][-2:] == ["bake", "roll-back"]
    until(lambda: "is rolled back to revision 1" in service.get_logs(), "the log's arrival")
    with pytest.raises(DeploymentFailed, match="Revision 2 was rolled back"):
        service.wait_for_deployment(timeout_sec=SECONDS)
    (source / "score.py").write_text(GOOD.replace('return "good"', 'return "better"'))
    service.reload()
    service.wait_for_deployment(show_output=True, timeout_sec=SECONDS)
    assert service.run("1") == "better"
    assert service.error is None
    assert "goes back to revision 1 when" in capsys.readouterr().out


def test_a_revision_that_was_taken_back_stays_so_under_another_supervisor(
    service: LocalWebservice, source: Path
) -> None:
    (source / "score.py").write_text(FAILING.replace("/no/such/file", str(source)))
    service.reload(wait=True)
    assert service.scoring_uri is not None
    with Callers(service.scoring_uri, count=2, pause=0.01):
        rolled_back(service)
    pid = service._service.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: not service._folder.is_supervised(), "its end")
    ensure_supervisor(service.workspace._scope, service._folder, service.name)
    until(lambda: "It was rolled back: revision 1 is deployed in its place" in service.get_logs(), "another one")
    service.update_deployment_state()
    with pytest.raises(DeploymentFailed, match="Revision 2 was rolled back"):
        service.wait_for_deployment(timeout_sec=SECONDS)
    until(lambda: service.get_logs().count("Revision 1 serves on") == 3, "its answers")
    assert service.run("1") == "good"
    assert "was rolled back" in rolled_back(service)["message"]


def test_latency_counts_where_it_has_a_limit(service: LocalWebservice, source: Path) -> None:
    service.set_rollout(max_latency_ms=20, max_error_rate=None, min_requests=10)
    assert service._service.revision == 1
    (source / "score.py").write_text(SLOW)
    service.reload(wait=True)
    assert service.scoring_uri is not None
    with Callers(service.scoring_uri, count=1, pause=0.01):
        error = rolled_back(service)
    assert "95 % of " in error["message"]
    assert "the limit is 20 ms" in error["message"]


def test_a_revision_that_does_well_stays_and_is_what_the_next_goes_back_to(
    service: LocalWebservice, source: Path
) -> None:
    service.set_rollout(bake_seconds=1.0)
    (source / "score.py").write_text(GOOD.replace('return "good"', 'return "better"'))
    service.reload(wait=True)
    until(lambda: state(service) or service.steps[-1].ended_at is not None, "the end of its bake")
    assert service.error is None
    assert service.steps[-1].detail == "0 answers, 0 of them errors"
    until(lambda: len(list(service._folder.revisions.iterdir())) == 1, "the end of the old files")
    service.set_rollout(bake_seconds=300.0)
    (source / "score.py").write_text(
        "import threading, os\n" + SLOW.replace("pass", "threading.Timer(0.3, os._exit, (3,)).start()")
    )
    service.reload(wait=True)
    error = rolled_back(service)
    assert "because The serving process keeps ending, at last with exit code 3" in error["message"]
    assert service.run("1") == "better"


def test_it_can_be_switched_off(service: LocalWebservice, source: Path) -> None:
    config = LocalWebservice.deploy_configuration()
    config.rollout = {"bake_seconds": 0, "preflight": "init"}
    (source / "score.py").write_text("preflight_sample = 1\ndef init(): pass\ndef run(d): raise ValueError('never')\n")
    service.update(deployment_config=config)
    service.reload(wait=True)
    assert service.steps[-1].name == "ready"
    assert next(step.detail for step in service.steps if step.name == "sample") == "not called: switched off"
    service.set_rollout(preflight="sample")
    service.reload()
    with pytest.raises(
        DeploymentFailed, match=r"The step 'sample' failed: run\(\) of score.py on the sample raised"
    ) as error:
        service.wait_for_deployment(timeout_sec=SECONDS)
    assert "Revision " in str(error.value)
    assert "goes on serving" in str(error.value)
    assert 'score.py", line 3, in run' in str(error.value)


def test_no_request_is_lost_through_updates_reloads_and_failures(service: LocalWebservice, source: Path) -> None:
    uri = service.scoring_uri
    assert uri is not None
    with Callers(uri, count=6, pause=0.01) as callers:
        for number in range(2):
            (source / "score.py").write_text(f"def init(): pass\ndef run(d): return {number}\n")
            service.reload(wait=True)
            until(lambda number=number: str(number) in callers.answers(200), "answers of the new revision")  # type: ignore[misc]
        (source / "score.py").write_text("def init(): raise OSError('no weights')\ndef run(d): pass\n")
        with pytest.raises(DeploymentFailed, match="The step 'init' failed"):
            service.reload(wait=True)
        (source / "score.py").write_text("preflight_sample = 1\ndef init(): pass\ndef run(d): return d[9]\n")
        with pytest.raises(DeploymentFailed, match="The step 'sample' failed"):
            service.reload(wait=True)
        (source / "score.py").write_text("def init(): pass\ndef run(d): return 'last'\n")
        service.update(deployment_config=LocalWebservice.deploy_configuration())
        service.reload(wait=True)
        until(lambda: "last" in callers.answers(200), "answers of the last revision")
    assert callers.lost == []
    assert set(callers.statuses()) == {200}
    assert len(callers.statuses()) > 200


def test_json_of_rollout_is_refused_where_it_cannot_be(server: ServerProcess, service: LocalWebservice) -> None:
    route = f"/api/v1/workspaces/{service.workspace.name}/services/{service.name}"
    for body, words in (
        ({"bake_seconds": -1}, "bake_seconds of a rollout must be a number from 0 to 86400"),
        ({"no_such": 1}, "no_such"),
        ({"preflight": "never"}, "preflight"),
    ):
        headers = {"authorization": f"Bearer {server.token}"}
        answer = httpx.patch(f"{server.url}{route}", headers=headers, json={"rollout": body})
        assert answer.status_code in (400, 422)
        assert words in answer.text
