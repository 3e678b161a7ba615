"""A local service in a container: a real engine, image and container, and what they survive."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import waiting
from tests.docker_engine import BASE
from tests.docker_gate import Gate
from tests.runner.callers import Callers, KeptCallers
from tests.server_process import ServerProcess
from zaffre.core.errors import DeploymentFailed
from zaffre.docker import containers
from zaffre.docker.engine import Engine
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

SECONDS = 300.0  # generous: the machine may be busy with other tests
until = partial(waiting.until, patience=SECONDS)

SCRIPT = """
import json, os, six, socket
def init():
    global weights
    print("init ran")
    weights = open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "weights.txt")).read()
def run(data):
    act = json.loads(data)
    if act == "die":
        os._exit(7)
    if act == "where":
        return {"user": os.getuid(), "folder": os.getcwd(), "host": socket.gethostname(), **os.environ}
    return [act, VERSION, weights]
VERSION = 1
"""


def environment() -> Environment:
    made = Environment.from_docker_image("in-docker", BASE)
    made.python.user_managed_dependencies = False
    assert made.python.conda_dependencies is not None
    made.python.conda_dependencies.add_pip_package("six==1.17.0")
    made.environment_variables = {"GIVEN": "yes"}
    return made


def inference(source: Path, script: str = SCRIPT) -> InferenceConfig:
    source.mkdir(exist_ok=True)
    (source / "score.py").write_text(script)
    return InferenceConfig("score.py", source_directory=str(source), environment=environment())


def ask(service: LocalWebservice, act: Any) -> Any:
    return service.run(json.dumps(act))


def error_of(service: LocalWebservice) -> object:
    service.update_deployment_state()
    return service.error


def of_service(engine: Engine, workspace: str) -> list[dict[str, Any]]:
    return containers.labelled(engine, f"zaffre.service={workspace}/svc")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


@pytest.fixture
def service(server: ServerProcess, docker: Engine, workspace_name: str, source: Path) -> Iterator[LocalWebservice]:
    assert server.url
    assert docker.address
    there = Workspace("sub", "group", workspace_name)
    weights = source.parent / "weights.txt"
    weights.write_text("heavy")
    model = Model.register(there, str(weights), "weights")
    made = Model.deploy(there, "svc", [model], inference(source), LocalWebservice.deploy_configuration())
    assert isinstance(made, LocalWebservice)
    try:
        made.wait_for_deployment(timeout_sec=SECONDS)
        yield made
    finally:
        made.delete()


def test_it_serves_from_a_container_without_rights_on_the_port_of_this_machine(
    service: LocalWebservice, docker: Engine, workspace_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(service, 3) == [3, 1, "heavy"]
    assert service.scoring_uri == f"http://localhost:{service.port}/score"
    where = ask(service, "where")
    (found,) = of_service(docker, workspace_name)
    inside = containers.inspect(docker, found["Id"])
    assert inside is not None
    assert where["user"] != 0
    assert where["folder"] == where["AML_APP_ROOT"] == "/var/azureml-app"
    assert where["AZUREML_MODEL_DIR"] == "/var/azureml-app/azureml-models/weights/1"
    assert where["host"] == found["Id"][:12]
    assert where["GIVEN"] == "yes"
    assert not [name for name in where if name.startswith("ZAFFRE_") and "TOKEN" in name]
    assert inside["HostConfig"]["CapDrop"] == ["ALL"]
    assert inside["HostConfig"]["PortBindings"] in ({}, None)  # the port is the supervisor's, on 127.0.0.1 alone
    assert found["Image"].startswith("zaffre/in-docker:")
    assert "The service runs in a container of Docker" in service.get_logs()
    assert "init ran" in service.get_logs()
    service.wait_for_deployment(show_output=True)
    assert "image" in capsys.readouterr().out


def test_an_update_refuses_no_call_and_builds_nothing(
    service: LocalWebservice, docker: Engine, workspace_name: str, source: Path
) -> None:
    answers: list[int] = []
    faults: list[Exception] = []
    done = threading.Event()

    def call() -> None:
        while not done.is_set():
            try:
                answers.append(ask(service, 0)[1])
            except Exception as error:
                faults.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    try:
        service.update(inference_config=inference(source, SCRIPT.replace("VERSION = 1", "VERSION = 2")), wait=True)
        told = len(answers)
        until(lambda: len(answers) > told + 5 or faults, "more answers")
    finally:
        done.set()
        caller.join()
    assert faults == []
    # Both take calls for the moment between the new one's first answer and the report; the call under way then is one.
    assert set(answers[:told]) <= {1, 2}
    assert set(answers[told + 1 :]) == {2}
    assert "Reusing the image zaffre/in-docker" in service.get_logs().split("Deploying revision 2")[1]
    (source / "score.py").write_text(SCRIPT.replace("VERSION = 1", "VERSION = 3"))
    service.reload(wait=True)
    assert ask(service, 0)[1] == 3
    until(lambda: len(of_service(docker, workspace_name)) == 1, "the end of the containers that were replaced")


def test_connections_go_from_container_to_container(service: LocalWebservice, source: Path) -> None:
    assert service.scoring_uri is not None
    with KeptCallers(service.scoring_uri) as callers:
        until(lambda: callers.have("[1, 1, 'heavy']"), "the first answers")
        for number in (2, 3):
            (source / "score.py").write_text(SCRIPT.replace("VERSION = 1", f"VERSION = {number}"))
            service.reload(wait=True)
            until(partial(callers.have, f"[1, {number}, 'heavy']"), "the answers of the new revision")
    assert callers.faults == []


def test_a_container_that_ends_is_started_anew_while_calls_wait(service: LocalWebservice, docker: Engine) -> None:
    first = ask(service, "where")["host"]
    with pytest.raises(Exception, match="The worker ended with exit code 7 while it ran this request"):
        ask(service, "die")
    assert ask(service, "where")["host"] == first  # another worker of the same container
    containers.remove(docker, first)
    assert ask(service, "where")["host"] != first


def test_a_failing_init_says_why_and_leaves_no_container(
    service: LocalWebservice, docker: Engine, workspace_name: str, source: Path
) -> None:
    broken = SCRIPT.replace('print("init ran")', 'raise OSError("no weights")')
    service.update(inference_config=inference(source, broken))
    with pytest.raises(DeploymentFailed, match="OSError: no weights"):
        service.wait_for_deployment(timeout_sec=SECONDS)
    assert ask(service, 1) == [1, 1, "heavy"]
    assert len(of_service(docker, workspace_name)) == 1


def test_with_its_supervisor_ends_the_container_and_a_reload_begins_anew(
    service: LocalWebservice, docker: Engine, workspace_name: str
) -> None:
    service.update_deployment_state()
    assert service._service.pid is not None
    os.kill(service._service.pid, signal.SIGKILL)

    def running() -> list[dict[str, Any]]:
        return [one for one in of_service(docker, workspace_name) if one["State"] == "running"]

    until(lambda: not running(), "the end of the container")
    service.update_deployment_state()
    assert service.state == "unknown"
    service.reload(wait=True)
    assert ask(service, 5) == [5, 1, "heavy"]
    assert len(of_service(docker, workspace_name)) == 1
    service.delete()
    assert of_service(docker, workspace_name) == []


def test_when_the_engine_comes_back_so_does_the_service(
    server: ServerProcess, docker: Engine, workspace_name: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server.url
    gate = Gate(docker.address)
    monkeypatch.setenv("DOCKER_HOST", gate.address)
    there = Workspace("sub", "group", workspace_name)
    script = SCRIPT.replace(
        'weights = open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "weights.txt")).read()', "weights = 0"
    )
    service = Model.deploy(there, "svc", [], inference(source, script), LocalWebservice.deploy_configuration())
    assert isinstance(service, LocalWebservice)
    try:
        service.wait_for_deployment(timeout_sec=SECONDS)
        gate.close()
        until(
            lambda: "is started again as soon as the engine answers" in service.get_logs(), "the end of the container"
        )
        service.update_deployment_state()
        assert service.state == "running"
        gate.open()
        assert ask(service, 3) == [3, 1, 0]
        assert service.get_logs().count("as soon as the engine answers") == 1
    finally:
        service.delete()
        gate.remove()
    assert of_service(docker, workspace_name) == []


def test_an_image_without_the_python_that_is_named_is_told(
    service: LocalWebservice, docker: Engine, workspace_name: str, source: Path
) -> None:
    config = inference(source)
    config.environment = Environment.from_docker_image("bare", BASE)
    config.environment.python.interpreter_path = "/opt/python/of/nobody"
    service.update(inference_config=config)
    with pytest.raises(DeploymentFailed, match="/opt/python/of/nobody"):
        service.wait_for_deployment(timeout_sec=SECONDS)
    assert ask(service, 1) == [1, 1, "heavy"]
    assert len(of_service(docker, workspace_name)) == 1
    config.environment.python.interpreter_path = "python3"
    (source / "score.py").write_text(SCRIPT.replace(", six", ""))
    service.update(inference_config=config, wait=True)
    assert ask(service, 1) == [1, 1, "heavy"]


def test_a_revision_that_fails_in_its_container_is_rolled_back_and_no_request_is_lost(
    service: LocalWebservice, source: Path
) -> None:
    assert service.scoring_uri is not None
    failing = SCRIPT.replace(
        "    act = json", '    if os.path.exists("fail"): raise ValueError("badly made")\n    act = json'
    )
    (source / "score.py").write_text(failing.replace("VERSION = 1", "VERSION = 2"))
    with Callers(service.scoring_uri, count=4, pause=0.01) as callers:
        service.reload(wait=True)
        until(lambda: "[1, 2, 'heavy']" in callers.answers(200), "answers of the new revision")
        folder = max(service._folder.revisions.iterdir(), key=lambda one: one.name)
        (folder / "fail").touch()
        until(partial(error_of, service), "the roll-back")
        until(lambda: callers.last(20) == {(200, "[1, 1, 'heavy']")}, "answers of the old revision")
        (source / "score.py").write_text(SCRIPT + "preflight_sample = 1\ninit = None\n")
        with pytest.raises(DeploymentFailed, match="The step 'import' failed"):
            service.reload(wait=True)
    assert callers.lost == []
    assert set(callers.statuses()) == {200, 500}
    assert service.state == "running"
