"""Model.deploy: what is refused before anything is sent, and what a failing deployment says."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.services import ECHO, SECONDS, Deployer, config, write
from zaffre.core.errors import (
    DeploymentFailed,
    PortTaken,
    Unsupported,
    WebserviceException,
    WebserviceInvalid,
)
from zaffre.sdk.conda_dependencies import CondaDependencies
from zaffre.sdk.endpoint_aks import AksEndpoint
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.webservice_aks import AksWebservice
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace


@pytest.fixture
def deploy(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    """Deploy from a folder of this test; what was deployed is deleted after it."""
    monkeypatch.chdir(tmp_path)
    write(ECHO)
    deployer = Deployer(workspace)
    yield deployer
    deployer.clean()


@pytest.mark.parametrize(
    ("script", "step", "words"),
    [
        ("def init():\n    raise OSError('no weights')\ndef run(d): pass", "init", "OSError: no weights"),
        ("import not_there\ndef init(): pass\ndef run(d): pass", "import", "No module named 'not_there'"),
        ("def init(): pass", "import", "has no function run()"),
        ("import os\ndef init(): os._exit(9)\ndef run(d): pass", "init", "exit code 9"),
    ],
)
def test_a_failing_deployment_says_where_and_why(deploy: Deployer, script: str, step: str, words: str) -> None:
    write(script)
    service = deploy(wait=False)
    with pytest.raises(DeploymentFailed) as error:
        service.wait_for_deployment(timeout_sec=SECONDS)
    assert isinstance(error.value, WebserviceException)
    assert words in error.value.message
    assert f"The step '{step}' failed" in error.value.message
    assert error.value.facts["step"] == step
    assert service.state == "failed"
    assert service.error is not None
    assert words in service.error["message"] or words in str(service.error["details"])
    assert words in service.get_logs()
    with pytest.raises(WebserviceException, match="is failed and has no address"):
        service.run("1")


def test_the_exception_carries_the_traceback_of_init(deploy: Deployer) -> None:
    write("def load():\n    raise OSError('no weights')\ndef init():\n    load()\ndef run(d): pass")
    service = deploy(wait=False)
    with pytest.raises(DeploymentFailed) as error:
        service.wait_for_deployment(show_output=True, timeout_sec=SECONDS)
    lines = error.value.message.splitlines()
    begin = lines.index("Traceback (most recent call last):")
    assert lines[begin + 1].endswith('score.py", line 4, in init')
    assert "OSError: no weights" in lines


def test_a_taken_port_is_told_before_anything_is_sent(workspace: Workspace, deploy: Deployer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} .*process {os.getpid()}"):
            deploy(port=port)
        assert Webservice.list(workspace) == []
        service = deploy()
        with pytest.raises(PortTaken, match=str(port)):
            service.update(deployment_config=LocalWebservice.deploy_configuration(port))
        assert service.run("1") == [1, 1]


@pytest.mark.parametrize("port", [0, 65536, -1, "80", 1.5])
def test_a_port_that_cannot_be_is_refused(port: Any) -> None:
    with pytest.raises(WebserviceException, match="from 1 to 65535"):
        LocalWebservice.deploy_configuration(port)


def test_waiting_can_end_before_the_deployment_does(deploy: Deployer) -> None:
    write("import time\ndef init(): time.sleep(600)\ndef run(d): pass")
    service = deploy(wait=False)
    with pytest.raises(WebserviceException, match=r"still deploying after 0\.5 s"):
        service.wait_for_deployment(timeout_sec=0.5)
    write(ECHO)
    service.reload(wait=True)  # an update does not wait for the revision before it
    assert service.run("2") == [2, 1]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"name": "No_Name"}, WebserviceInvalid, "is not a service name"),
        ({"name": "ab"}, WebserviceInvalid, "3 to 32"),
        ({"inference_config": None}, Unsupported, "without an entry script"),
        ({"deployment_config": AksWebservice.deploy_configuration(gpu_cores=1)}, Unsupported, "no GPU"),
        (
            {"deployment_config": AksWebservice.deploy_configuration(compute_target_name="c")},
            Unsupported,
            "no cluster c",
        ),
        ({"deployment_config": AksWebservice.deploy_configuration(num_replicas=65)}, Unsupported, "64"),
        (
            {"deployment_config": AksEndpoint.deploy_configuration(replica_max_concurrent_requests=2)},
            Unsupported,
            "one request at a time",
        ),
        (
            {"deployment_config": AksEndpoint.deploy_configuration(cpu_cores_limit=2)},
            Unsupported,
            "hold for containers",
        ),
        ({"deployment_config": AksEndpoint.deploy_configuration(version_name="X")}, WebserviceInvalid, "service name"),
        ({"deployment_config": object()}, WebserviceException, "is not a deployment configuration"),
        ({"deployment_target": "aks"}, Unsupported, "'aks'.*LocalWebservice"),
        ({"models": "model.pkl"}, WebserviceException, "must be a list"),
        ({"models": ["none.pkl"]}, WebserviceException, r"no model file or folder at .*none\.pkl"),
        ({"models": [3]}, WebserviceException, "3 is not a model"),
        ({"models": ["source", "./source"]}, WebserviceException, "both be named source"),
    ],
)
@pytest.mark.usefixtures("deploy")
def test_what_cannot_be_deployed_is_refused(
    workspace: Workspace, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    given = {
        "workspace": workspace,
        "name": "the-service",
        "models": [],
        "inference_config": config(),
        "deployment_config": LocalWebservice.deploy_configuration(),
    }
    with pytest.raises(error, match=words):
        Model.deploy(**{**given, **arguments})
    assert Webservice.list(workspace) == []


@pytest.mark.usefixtures("deploy")
def test_print_configuration(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    Model.print_configuration(["m.pkl"], config(), LocalWebservice.deploy_configuration(6789), None)
    printed = capsys.readouterr().out
    for words in ("m.pkl", "score.py", "6789", "Local"):
        assert words in printed
    assert workspace.name not in printed


BUILT = """
import sys
import six
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse
from azureml.core.model import Model

def init():
    global weights
    with open(Model.get_model_path("digits")) as file:
        weights = file.read()

@rawhttp
def run(request):
    assert isinstance(request, AMLRequest)
    return AMLResponse([six.__version__, sys.prefix, weights, request.get_data(False).decode()], 200, json_str=True)
"""


@pytest.mark.timeout(600)
def test_an_environment_is_built_for_a_service_and_azures_names_are_beside_it(
    workspace: Workspace, deploy: Deployer
) -> None:
    environment = Environment("built")
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["six==1.17.0"])
    write(BUILT)
    Path("model.txt").write_text("weights")
    model = Model.register(workspace, "model.txt", "digits")
    inference = InferenceConfig("score.py", source_directory="source", environment=environment)
    service = deploy([model], inference=inference, wait=False)
    service.wait_for_deployment(timeout_sec=500)
    version, prefix, weights, body = service.run("text")
    assert (version, weights, body) == ("1.17.0", "weights", "text")
    assert prefix != sys.prefix


def test_an_environment_that_cannot_be_built_fails_in_that_step(deploy: Deployer) -> None:
    environment = Environment("broken")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = "/no/such/python"
    service = deploy(
        inference=InferenceConfig("score.py", source_directory="source", environment=environment), wait=False
    )
    with pytest.raises(DeploymentFailed, match="/no/such/python") as error:
        service.wait_for_deployment(timeout_sec=SECONDS)
    assert error.value.facts["step"] == "environment"
