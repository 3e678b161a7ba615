"""Endpoints with versions: real servers, real supervisors, a real router, processes that serve."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests import waiting
from zaffre.core.errors import (
    DeploymentFailed,
    Unsupported,
    WebserviceException,
    WebserviceInvalid,
    WebserviceNotFound,
)
from zaffre.sdk.endpoint_aks import VERSION, AksEndpoint
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.webservice_aks import AksWebservice
from zaffre.sdk.workspace import Workspace

SECONDS = 300.0  # generous: the machine may be busy with other tests
until = partial(waiting.until, patience=SECONDS)

SCRIPT = """
import json, os, time
def init():
    pass
def run(data):
    asked = json.loads(data)
    if asked == "end":
        os._exit(9)
    if asked == "stream":
        return pieces()
    if asked == "settings":
        return {name: os.environ.get(name) for name in ("WORKER_COUNT", "SCORING_TIMEOUT_MS")}
    time.sleep(asked.get("sleep", 0) if isinstance(asked, dict) else 0)
    return [MARK, asked]
def pieces():
    for number in range(3):
        yield f"{MARK}{number} "
"""

Deploy = Callable[..., AksEndpoint]


def inference(source: Path, mark: str) -> InferenceConfig:
    source.mkdir(exist_ok=True)
    (source / "score.py").write_text(f"{SCRIPT}MARK = {mark!r}\n")
    environment = Environment("own")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = sys.executable
    return InferenceConfig("score.py", source_directory=str(source), environment=environment)


@pytest.fixture
def deploy(workspace: Workspace, tmp_path: Path) -> Iterator[Deploy]:
    made: list[Webservice] = []

    def deploy(mark: str = "one", **settings: Any) -> AksEndpoint:
        settings = {"version_name": "one", **settings}
        overwrite = settings.pop("overwrite", False)
        config = AksEndpoint.deploy_configuration(**settings)
        name = made[0].name if made else f"ep-{uuid4().hex[:8]}"
        service = Model.deploy(workspace, name, [], inference(tmp_path / mark, mark), config, overwrite=overwrite)
        assert isinstance(service, AksEndpoint)
        made.append(service)
        service.wait_for_deployment(timeout_sec=SECONDS)
        return service

    yield deploy
    if made:
        made[0].delete()


def add(endpoint: AksEndpoint, folder: Path, mark: str, **settings: Any) -> None:
    endpoint.create_version(mark, inference_config=inference(folder / mark, mark), **settings)
    endpoint.wait_for_deployment(timeout_sec=SECONDS)


def calls(endpoint: AksEndpoint, count: int = 1, **headers: str) -> Counter[str]:
    """Which versions answered how many of ``count`` calls at the router's own address."""
    key = {"authorization": f"Bearer {endpoint.get_keys()[0]}"} if endpoint.auth_enabled else {}
    assert endpoint.direct_uri is not None
    with httpx.Client(headers=key | {name.replace("_", "-"): value for name, value in headers.items()}) as client:
        answers = [client.post(endpoint.direct_uri, content="1") for _ in range(count)]
    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.headers[VERSION] == answer.json()[0] for answer in answers)
    return Counter(answer.headers[VERSION] for answer in answers)


def shares(endpoint: AksEndpoint) -> dict[str, int]:
    return {name: version.traffic_percentile for name, version in endpoint.versions.items()}


def test_versions_share_the_traffic_of_one_address(
    deploy: Deploy, workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = deploy(
        traffic_percentile=20, tags={"a": "b"}, description="words", num_replicas=2, scoring_timeout_ms=9000
    )
    assert "runs as processes on the server's machine, without Docker" in capsys.readouterr().out
    assert (endpoint.compute_type, endpoint.state, endpoint.auth_enabled) == ("AKSENDPOINT", "Healthy", True)
    assert endpoint.run('"settings"') == {"WORKER_COUNT": "2", "SCORING_TIMEOUT_MS": "9000"}
    assert endpoint.run("7") == ["one", 7]
    address = endpoint.scoring_uri
    add(endpoint, tmp_path, "two", traffic_percentile=30, num_replicas=1)
    assert shares(endpoint) == {"one": 70, "two": 30}
    assert endpoint.scoring_uri == address
    found = calls(endpoint, 400)
    assert 60 <= found["two"] <= 180  # of 120 that are expected: seven standard deviations
    assert {name: version.run("1")[0] for name, version in endpoint.versions.items()} == {"one": "one", "two": "two"}
    assert calls(endpoint, 5, azureml_model_deployment="two") == {"two": 5}
    endpoint.set_traffic({"two": 100})
    until(lambda: calls(endpoint, 20) == {"two": 20}, "all traffic to go to two")
    assert [type(one).__name__ for one in Webservice.list(workspace, tags={"a": "b"})] == ["AksEndpoint"]
    again = Webservice(workspace, endpoint.name)
    assert isinstance(again, AksEndpoint)
    assert set(again.serialize()["versions"]) == {"one", "two"}
    with pytest.raises(WebserviceInvalid, match="default version"):
        endpoint.delete_version("one")
    endpoint.update_version("two", is_default=True, is_control_version_type=True)
    assert [(v.is_default, v.version_type) for v in endpoint.versions.values()] == [
        (False, "Treatment"),
        (True, "Control"),
    ]
    endpoint.delete_version("one")
    assert shares(endpoint) == {"two": 100}
    with pytest.raises(WebserviceNotFound, match="no version one"):
        endpoint.update_version("one", traffic_percentile=1)
    with pytest.raises(WebserviceException, match="No parameters"):
        endpoint.update_version("two")


def test_a_session_stays_with_its_version(deploy: Deploy, tmp_path: Path) -> None:
    endpoint = deploy(auth_enabled=False)
    add(endpoint, tmp_path, "two", traffic_percentile=50)
    until(lambda: len(calls(endpoint, 40)) == 2, "both versions to answer")
    stays = {session: calls(endpoint, 5, x_zaffre_session=session) for session in map(str, range(20))}
    assert all(len(found) == 1 for found in stays.values())
    assert len({next(iter(found)) for found in stays.values()}) == 2
    assert endpoint.direct_uri is not None
    answer = httpx.post(endpoint.direct_uri, content="1", headers={VERSION: "none"})
    assert answer.status_code == 404
    assert "this endpoint has one, two" in answer.json()["message"]
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


class Load:
    """Calls an endpoint from some threads until it is left; what was not answered with 200 stands in ``failed``."""

    def __init__(self, endpoint: AksEndpoint, threads: int = 4) -> None:
        assert endpoint.direct_uri is not None
        self.failed: list[str] = []
        self.versions: Counter[str] = Counter()
        self.answers: Counter[tuple[str, int]] = Counter()  # by the version that is named, and the status
        self._uri = endpoint.direct_uri
        self._key = {"authorization": f"Bearer {endpoint.get_keys()[0]}"} if endpoint.auth_enabled else {}
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(threads)]

    def _call(self) -> None:
        with httpx.Client(timeout=SECONDS, headers=self._key) as client:
            while not self._ended.is_set():
                try:
                    answer = client.post(self._uri, content="1")
                except httpx.HTTPError as error:
                    self.failed.append(repr(error))
                    continue
                self.answers[answer.headers.get(VERSION, ""), answer.status_code] += 1
                if answer.status_code == 200:
                    self.versions[answer.json()[0]] += 1
                else:
                    self.failed.append(answer.text)
                time.sleep(0.002)

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()


def test_changes_under_load_drop_nothing(deploy: Deploy, tmp_path: Path) -> None:
    endpoint = deploy(auth_enabled=False)
    with Load(endpoint) as load:
        add(endpoint, tmp_path, "two", traffic_percentile=50)
        until(lambda: load.versions["two"] > 20, "the second version to answer")
        for share in (0, 90, 10, 50):
            endpoint.update_version("two", traffic_percentile=share)
        endpoint.update_version("two", inference_config=inference(tmp_path / "newer", "newer"))
        endpoint.wait_for_deployment(timeout_sec=SECONDS)
        until(lambda: load.versions["newer"] > 50, "the new revision to answer")
        endpoint.update_version("two", is_default=True)
        endpoint.delete_version("one")
        before = load.versions["newer"]
        until(lambda: load.versions["newer"] > before + 50, "the version to go on")
    assert load.failed == []


def test_a_version_that_fails_gets_no_traffic_and_says_why(deploy: Deploy, tmp_path: Path) -> None:
    endpoint = deploy(auth_enabled=False)
    broken = inference(tmp_path / "broken", "broken")
    (tmp_path / "broken" / "score.py").write_text(
        "def init():\n    raise ValueError('no weights')\ndef run(data):\n    pass\n"
    )
    endpoint.create_version("broken", inference_config=broken, is_default=True)
    with pytest.raises(DeploymentFailed, match="no weights"):
        endpoint.wait_for_deployment(timeout_sec=SECONDS)
    assert shares(endpoint) == {"one": 0, "broken": 100}
    assert calls(endpoint, 5) == {"one": 5}
    assert endpoint.direct_uri is not None
    answer = httpx.post(endpoint.direct_uri, content="1", headers={VERSION: "broken"})
    assert (answer.status_code, "not ready" in answer.text) == (503, True)


def test_what_dies_is_started_again(deploy: Deploy) -> None:
    endpoint = deploy(auth_enabled=False)
    assert endpoint.direct_uri is not None
    ended = httpx.post(endpoint.direct_uri, content='"end"', timeout=SECONDS)
    assert (ended.status_code, ended.headers[VERSION]) == (502, "one")  # the service's own answer
    assert calls(endpoint, 3) == {"one": 3}
    streamed = httpx.post(endpoint.direct_uri, content='"stream"', timeout=SECONDS)
    assert streamed.text == "one0 one1 one2 "
    endpoint.update_deployment_state()
    supervisor = endpoint._service.pid
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)  # and the router with it

    def is_back() -> bool:
        endpoint.update_deployment_state()
        if endpoint._service.pid == supervisor or endpoint.direct_uri is None:
            return False
        try:
            return calls(endpoint, 3) == {"one": 3}
        except httpx.HTTPError:
            return False

    until(is_back, "the endpoint to come back")


def test_tokens_open_an_endpoint_until_they_expire(deploy: Deploy, tmp_path: Path) -> None:
    endpoint = deploy(token_auth_enabled=True)
    add(endpoint, tmp_path, "two", traffic_percentile=50)
    assert (endpoint.auth_enabled, endpoint.token_auth_enabled) == (False, True)
    token = endpoint.get_access_token()
    assert token.refresh_after < token.expiry_on
    assert endpoint.direct_uri is not None
    for version in ("one", "two"):
        headers = {VERSION: version, "authorization": f"Bearer {token.access_token}"}
        assert httpx.post(endpoint.direct_uri, content="1", headers=headers).json() == [version, 1]
        refused = httpx.post(endpoint.direct_uri, content="1", headers=headers | {"authorization": "Bearer nonsense"})
        assert (refused.status_code, "not one of this service's" in refused.json()["message"]) == (401, True)
    assert httpx.post(endpoint.direct_uri, content="1").status_code == 401
    assert endpoint.run("1")[1] == 1
    secret, refresh = endpoint.get_token()
    assert secret != token.access_token
    assert refresh >= token.refresh_after
    with pytest.raises(WebserviceInvalid):
        endpoint.get_keys()
    endpoint.update(auth_enabled=True)
    assert (endpoint.auth_enabled, endpoint.token_auth_enabled) == (True, False)
    late = httpx.post(endpoint.direct_uri, content="1", headers={"authorization": f"Bearer {token.access_token}"})
    assert late.status_code == 401
    assert endpoint.run("1")[1] == 1
    before = endpoint.get_keys()[0]
    endpoint.regen_key("Primary")
    assert endpoint.get_keys()[0] != before
    assert endpoint.versions["two"].run("1") == ["two", 1]


def test_copies_go_to_another_version_and_differences_are_told(deploy: Deploy, tmp_path: Path) -> None:
    endpoint = deploy(auth_enabled=False)
    add(endpoint, tmp_path, "two")
    endpoint.set_mirror_traffic({"two": 100})
    assert endpoint.mirror_traffic == {"two": 100}

    def copied() -> bool:
        calls(endpoint, 3)
        return endpoint.shadow_report().different >= 25

    until(copied, "differences to be told")
    report = endpoint.shadow_report()
    assert (report.version, report.same, len(report.examples)) == ("two", 0, 20)
    example = report.examples[0]
    assert (example.request, example.answered.version, example.mirrored.version) == ("1", "one", "two")
    assert (json.loads(example.answered.body), json.loads(example.mirrored.body)) == (["one", 1], ["two", 1])
    assert (example.answered.status, example.mirrored.status) == (200, 200)
    endpoint.set_mirror_traffic({})
    assert endpoint.shadow_report().different == 0


def test_a_service_of_the_kind_aks_runs_on_the_servers_machine(workspace: Workspace, tmp_path: Path) -> None:
    name = f"aks-{uuid4().hex[:8]}"
    config = AksWebservice.deploy_configuration(autoscale_enabled=False, num_replicas=2, cpu_cores=0.1, memory_gb=0.5)
    service = Model.deploy(workspace, name, [], inference(tmp_path / "one", "one"), config)
    assert isinstance(service, AksWebservice)
    try:
        service.wait_for_deployment(timeout_sec=SECONDS)
        assert (service.compute_type, service.state, service.num_replicas) == ("AKS", "Healthy", 2)
        assert service.run("1") == ["one", 1]
        service.update(token_auth_enabled=True, num_replicas=1)
        service.wait_for_deployment(timeout_sec=SECONDS)
        assert service.token_auth_enabled
        assert service.run('"settings"')["WORKER_COUNT"] == "1"
        with pytest.raises(Unsupported, match="cluster"):
            Model.deploy(
                workspace, "other-svc", [], inference(tmp_path / "one", "one"),
                AksWebservice.deploy_configuration(compute_target_name="big"),
            )  # fmt: skip
    finally:
        service.delete()
    with pytest.raises(WebserviceNotFound):
        Webservice(workspace, name)
