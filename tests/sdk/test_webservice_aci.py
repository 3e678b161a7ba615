"""Container instances: containers on a real engine that a real server starts, keeps running and removes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests import waiting
from tests.docker_engine import BASE
from tests.docker_gate import Gate
from tests.server_process import ServerProcess
from zaffre.core.errors import DeploymentFailed, Unsupported, WebserviceException, WebserviceInvalid
from zaffre.docker import containers
from zaffre.docker.engine import Engine
from zaffre.launch import processes
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.webservice_aci import AciWebservice
from zaffre.sdk.workspace import Workspace

NAME = f"svc-{uuid4().hex[:8]}"  # the engine is shared: other tests have services, too
SECONDS = 300.0  # generous: the machine may be busy with other tests
until = partial(waiting.until, patience=SECONDS)

SCRIPT = """
import json, os
def init():
    global weights
    weights = open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "weights.txt")).read()
def run(data):
    act = json.loads(data)
    if act == "where":
        return dict(os.environ)
    return [act, VERSION, weights]
VERSION = 1
"""

Deploy = Callable[..., AciWebservice]


def environment() -> Environment:
    made = Environment.from_docker_image("in-docker", BASE)
    made.python.user_managed_dependencies = False
    return made


def inference(source: Path, script: str = SCRIPT) -> InferenceConfig:
    source.mkdir(exist_ok=True)
    (source / "score.py").write_text(script)
    return InferenceConfig("score.py", source_directory=str(source), environment=environment())


@pytest.fixture
def own(docker: Engine, own_server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> ServerProcess:
    """A server of this test alone, which finds the engine."""
    assert docker.address
    monkeypatch.setenv("ZAFFRE_HOME", str(own_server.home))
    return own_server


@pytest.fixture
def there(own: ServerProcess) -> Workspace:
    assert own.url
    return Workspace("sub", "group", "default")


@pytest.fixture
def deploy(there: Workspace, tmp_path: Path) -> Iterator[Deploy]:
    weights = tmp_path / "weights.txt"
    weights.write_text("heavy")
    model = Model.register(there, str(weights), "weights")
    made: list[Webservice] = []

    def deploy(script: str = SCRIPT, **settings: Any) -> AciWebservice:
        config = AciWebservice.deploy_configuration(**settings)
        service = Model.deploy(there, NAME, [model], inference(tmp_path / "source", script), config)
        assert isinstance(service, AciWebservice)
        made.append(service)
        return service

    yield deploy
    for service in made:
        if service.state != "Deleting":
            service.delete()


def ask(service: Webservice, act: Any = 3) -> Any:
    return service.run(json.dumps(act))


def of_service(engine: Engine) -> list[dict[str, Any]]:
    return containers.labelled(engine, f"zaffre.service=default/{NAME}")


def supervisor(service: AciWebservice) -> int:
    service.update_deployment_state()
    assert service._service.pid is not None
    return service._service.pid


def test_it_runs_beside_the_server_within_its_limits_until_it_is_deleted(
    deploy: Deploy,
    there: Workspace,
    own: ServerProcess,
    docker: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    service = deploy(
        cpu_cores=0.5, memory_gb=0.25, tags={"a": "b"}, properties={"p": "q"}, description="words", location="here",
        dns_name_label="label", enable_app_insights=True,
    )  # fmt: skip
    assert service.state == "Transitioning"
    service.wait_for_deployment(show_output=True, timeout_sec=SECONDS)
    assert 'ACI service creation operation finished, operation "Succeeded"' in capsys.readouterr().out
    assert ask(service) == [3, 1, "heavy"]
    (found,) = of_service(docker)
    inside = containers.inspect(docker, found["Id"])
    assert inside is not None
    assert inside["HostConfig"]["NanoCpus"] == 500_000_000
    assert inside["HostConfig"]["Memory"] == 256 * 1024**2
    assert own.home.as_posix() not in str(ask(service, "where"))
    # by its name, by its kind, through the server and directly
    again = Webservice(there, NAME)
    assert isinstance(again, AciWebservice)
    assert (again.state, again.compute_type, again.auth_enabled) == ("Healthy", "ACI", False)
    assert (again.tags, again.properties, again.description) == ({"a": "b"}, {"p": "q"}, "words")
    assert (again.cpu_cores, again.memory_gb, again.location, again.dns_name_label) == (0.5, 0.25, "here", "label")
    assert [one.name for one in AciWebservice.list(there, tags=["a"])] == [NAME]
    assert again.scoring_uri == f"{own.url}/services/default/{NAME}/score"
    assert again.direct_uri is not None
    for uri in (again.scoring_uri, again.direct_uri):
        assert httpx.post(uri, content="4", timeout=SECONDS).json() == [4, 1, "heavy"]
    assert httpx.get(again.swagger_uri or "", timeout=SECONDS).json()["swagger"] == "2.0"
    with pytest.raises(WebserviceInvalid, match="authentication is not enabled"):
        again.get_keys()
    assert "The service runs in a container" in again.get_logs()
    pid = supervisor(service)
    service.delete()
    assert of_service(docker) == []
    until(lambda: processes.find(pid) is None, "the supervisor ends")
    assert AciWebservice.list(there) == []


def test_only_who_sends_one_of_its_keys_is_answered(deploy: Deploy, own: ServerProcess, docker: Engine) -> None:
    service = deploy(auth_enabled=True, primary_key="first-key-of-mine")
    service.wait_for_deployment(timeout_sec=SECONDS)
    primary, secondary = service.get_keys()
    assert primary == "first-key-of-mine"
    assert ask(service) == [3, 1, "heavy"]  # run() sends the key by itself

    def status(uri: str | None, key: str | None) -> int:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return httpx.post(uri or "", content="1", headers=headers, timeout=SECONDS).status_code

    for uri in (service.scoring_uri, service.direct_uri):
        assert [status(uri, key) for key in (None, "wrong", primary, secondary)] == [401, 401, 200, 200]
        failed = httpx.post(uri or "", content="{", headers={"Authorization": f"Bearer {primary}"}, timeout=SECONDS)
        assert failed.status_code == 500  # container instances have no front end, which would make it 502
    service.regen_key("Primary")
    assert status(service.direct_uri, primary) == 401
    after, same = service.get_keys()
    assert same == secondary
    assert after != primary
    assert ask(service) == [3, 1, "heavy"]
    service.regen_key("Secondary", set_key="second-key-of-mine")
    assert [status(service.direct_uri, key) for key in (secondary, "second-key-of-mine")] == [401, 200]
    service.update(auth_enabled=False)
    assert status(service.direct_uri, None) == 200
    service.update(auth_enabled=True)
    assert [status(service.direct_uri, key) for key in (None, after)] == [401, 200]
    with pytest.raises(NotImplementedError, match="no tokens"):
        service.get_token()
    (found,) = of_service(docker)
    inside = containers.inspect(docker, found["Id"])
    own_output = (own.home / "server-output.txt").read_text()
    told = f"{inside}{service.get_logs()}{own_output}{service.serialize()}"
    assert not [key for key in (primary, secondary, after, "second-key-of-mine") if key in told]


def test_it_is_started_again_whatever_dies_and_keeps_its_addresses(
    deploy: Deploy, own: ServerProcess, docker: Engine
) -> None:
    service = deploy()
    service.wait_for_deployment(timeout_sec=SECONDS)
    direct, first = service.direct_uri, of_service(docker)[0]["Id"]
    containers.remove(docker, first)
    until(lambda: _answers(service), "the service answers")
    assert of_service(docker)[0]["Id"] != first
    # the supervisor, and with it the container: the server starts another
    pid = supervisor(service)
    os.kill(pid, signal.SIGKILL)
    until(lambda: supervisor(service) != pid, "another supervisor")
    until(lambda: _answers(service), "the service answers")
    # the server: services go on without it, and it knows them again
    pid, second = supervisor(service), of_service(docker)[0]["Id"]
    own.kill()
    assert httpx.post(direct or "", content="5", timeout=SECONDS).json() == [5, 1, "heavy"]
    own.start()
    until(lambda: _answers(service), "the service answers")
    assert supervisor(service) == pid
    assert [one["Id"] for one in of_service(docker)] == [second]
    # all at once
    own.kill()
    os.kill(pid, signal.SIGKILL)
    own.start()
    until(lambda: supervisor(service) != pid, "another supervisor")
    until(lambda: _answers(service), "the service answers")
    service.update_deployment_state()
    assert service.direct_uri == direct
    assert len(of_service(docker)) == 1


def test_an_update_builds_nothing_and_what_fails_changes_nothing(
    deploy: Deploy, there: Workspace, docker: Engine, tmp_path: Path
) -> None:
    service = deploy(cpu_cores=0.5)
    service.wait_for_deployment(timeout_sec=SECONDS)
    service.update(inference_config=inference(tmp_path / "source", SCRIPT.replace("VERSION = 1", "VERSION = 2")))
    service.wait_for_deployment(timeout_sec=SECONDS)
    assert ask(service) == [3, 2, "heavy"]
    assert service.cpu_cores == 0.5
    image = next(step for step in service.steps if step.name == "image")
    assert "found" in image.detail
    service.update(tags={"new": "tag"}, description="other")
    assert (service.tags, service.description, service._service.revision) == ({"new": "tag"}, "other", 2)
    service.add_tags({"more": "x"})
    service.remove_tags(["new"])
    assert service.tags == {"more": "x"}
    service.update(inference_config=inference(tmp_path / "source", "def init(): 1 / 0\ndef run(data): pass"))
    with pytest.raises(DeploymentFailed, match="ZeroDivisionError"):
        service.wait_for_deployment(timeout_sec=SECONDS)
    assert ask(service) == [3, 2, "heavy"]
    (tmp_path / "weights.txt").write_text("light")
    model = Model.register(there, str(tmp_path / "weights.txt"), "weights")
    service.update(models=[model], inference_config=inference(tmp_path / "source"))
    service.wait_for_deployment(timeout_sec=SECONDS)
    assert ask(service) == [3, 1, "light"]
    with pytest.raises(WebserviceException, match="No parameters"):
        service.update()
    until(lambda: len(of_service(docker)) == 1, "the one before is gone")


def test_without_an_engine_nothing_is_made_and_the_reason_is_said(home: Path, tmp_path: Path) -> None:
    server = ServerProcess(home, variables={"DOCKER_HOST": "unix:///nowhere/docker.sock"}).start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ZAFFRE_HOME", str(home))
            there = Workspace("sub", "group", "default")
            with pytest.raises(Unsupported, match="the server can use no container engine"):
                Model.deploy(there, NAME, [], inference(tmp_path / "source"), AciWebservice.deploy_configuration())
            assert Webservice.list(there) == []
            assert "in-docker" not in Environment.list(there)
            with pytest.raises(Unsupported, match="container engine"):  # where Azure deploys by itself
                Model.deploy(there, NAME, [], inference(tmp_path / "source"))
    finally:
        server.stop()


def test_it_waits_for_an_engine_that_starts_after_the_server(docker: Engine, home: Path, tmp_path: Path) -> None:
    gate = Gate(docker.address)
    server = ServerProcess(home, variables={"DOCKER_HOST": gate.address}).start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ZAFFRE_HOME", str(home))
            there = Workspace("sub", "group", "default")
            (tmp_path / "weights.txt").write_text("heavy")
            model = Model.register(there, str(tmp_path / "weights.txt"), "weights")
            config = AciWebservice.deploy_configuration()
            service = Model.deploy(there, NAME, [model], inference(tmp_path / "source"), config)
            assert isinstance(service, AciWebservice)
            service.wait_for_deployment(timeout_sec=SECONDS)
            # as after a restart of the machine: the server is up, the engine is not
            pid = supervisor(service)
            gate.close()
            server.kill()
            os.kill(pid, signal.SIGKILL)
            server.start()
            until(lambda: "as soon as the engine answers" in service.get_logs(), "the supervisor waits")
            gate.open()
            until(lambda: _answers(service), "the service answers")
            service.delete()
    finally:
        server.stop()
        gate.remove()


def _answers(service: AciWebservice) -> bool:
    try:
        return bool(ask(service) == [3, 1, "heavy"])
    except WebserviceException:
        return False
