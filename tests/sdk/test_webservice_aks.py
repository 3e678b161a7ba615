"""What callers of services of the kind AKS get when something fails: real servers, supervisors and processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests import waiting
from zaffre.core.errors import WebserviceException
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice_aks import AksWebservice
from zaffre.sdk.workspace import Workspace

SECONDS = 300.0  # generous: the machine may be busy with other tests
until = partial(waiting.until, patience=SECONDS)

SCRIPT = """
import json, time
from pathlib import Path
def init():
    pass
def run(data):
    do, _, folder = json.loads(data).partition(" ")
    if do == "raise":
        with open(f"{folder}/raised", "a") as file:
            file.write(".")
        raise ValueError("no")
    if do == "set":
        return {1}
    if do == "hold":
        Path(folder, "held").touch()
        while not Path(folder, "go").exists():
            time.sleep(0.01)
    while do == "late":
        time.sleep(0.01)
    return do
"""


@pytest.fixture
def service(workspace: Workspace, tmp_path: Path) -> Iterator[AksWebservice]:
    source = tmp_path / "source"
    source.mkdir()
    (source / "score.py").write_text(SCRIPT)
    environment = Environment("own")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = sys.executable
    inference = InferenceConfig("score.py", source_directory=str(source), environment=environment)
    config = AksWebservice.deploy_configuration(
        auth_enabled=False, scoring_timeout_ms=10_000, max_request_wait_time=1000, num_replicas=1
    )
    made = Model.deploy(workspace, f"aks-{uuid4().hex[:8]}", [], inference, config)
    assert isinstance(made, AksWebservice)
    try:
        made.wait_for_deployment(timeout_sec=SECONDS)
        yield made
    finally:
        made.delete()


def test_failures_are_told_as_by_the_front_end_of_a_cluster(service: AksWebservice, tmp_path: Path) -> None:
    assert (service.scoring_timeout_ms, service.max_request_wait_time) == (10_000, 1000)
    assert service.direct_uri is not None
    assert service.scoring_uri is not None
    for uri in (service.direct_uri, service.scoring_uri):  # its own port, and through the server
        answer = httpx.post(uri, json="set", headers={"x-request-id": "mine"}, timeout=SECONDS)
        assert (answer.status_code, answer.headers["x-ms-run-function-failed"]) == (502, "False")
        assert answer.headers["x-request-id"] == answer.headers["x-ms-request-id"] == "mine"
        assert list(answer.json()) == ["message"]
        answer = httpx.post(uri, json=f"raise {tmp_path}", timeout=SECONDS)
        assert (answer.status_code, answer.headers["x-ms-run-function-failed"]) == (502, "True")
    (tmp_path / "raised").unlink()
    with pytest.raises(WebserviceException, match=r"answered 502: .*error occurred in scoring script.*get_logs"):
        service.run(f'"raise {tmp_path}"')
    with pytest.raises(WebserviceException, match=r"answered 502: .*internal error"):
        service.run('"set"')
    assert (tmp_path / "raised").read_text() == "."  # asked once
    late = httpx.post(service.scoring_uri, json="late", timeout=SECONDS)
    told = {"message": "Scoring timeout after 10000 ms", "request_id": late.headers["x-request-id"]}
    assert (late.status_code, late.json()) == (504, told)

    def counted() -> bool:
        total = service.get_metrics().total
        return total is not None and total.statuses == {"502": 6, "504": 1} and total.server_errors == 7

    until(counted, "the statuses that the callers got")


def test_who_waits_too_long_for_others_is_told(service: AksWebservice, tmp_path: Path) -> None:
    uri = service.scoring_uri
    assert uri is not None
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(httpx.post, uri, json=f"hold {tmp_path}", timeout=SECONDS)
        until((tmp_path / "held").exists, "the first request to be run")
        second = httpx.post(uri, json="well", timeout=SECONDS)
        (tmp_path / "go").touch()
        assert first.result(SECONDS).text == '"hold"'
    assert (second.status_code, "waited 1000 ms" in second.json()["message"]) == (503, True)
    assert second.json()["request_id"] == second.headers["x-request-id"]
    assert httpx.post(uri, json="well", timeout=SECONDS).json() == "well"
