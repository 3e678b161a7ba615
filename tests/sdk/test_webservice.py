"""Services of this machine through the SDK: found, scored, changed, deleted."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import joblib  # type: ignore[import-untyped]
import numpy as np
import pytest
from sklearn.datasets import load_digits  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from tests.sdk.services import ECHO, SECONDS, Deployer, answers, user_managed, write
from tests.server_process import free_port
from zaffre.core.errors import (
    DeploymentFailed,
    ModelInUse,
    WebserviceException,
    WebserviceExists,
    WebserviceNotFound,
)
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.webservice_aci import AciWebservice
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

SKLEARN = """
import json, os
import joblib  # type: ignore[import-untyped]
import numpy as np

def init():
    global model
    model = joblib.load(os.path.join(os.getenv("AZUREML_MODEL_DIR"), "sklearn_mnist_model.pkl"))

def run(raw_data):
    data = np.array(json.loads(raw_data)["data"])
    return model.predict(data).tolist()
"""


@pytest.fixture
def deploy(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    """Deploy from a folder of this test; what was deployed is deleted after it."""
    monkeypatch.chdir(tmp_path)
    write(ECHO)
    deployer = Deployer(workspace)
    yield deployer
    deployer.clean()


def test_a_trained_model_is_served(workspace: Workspace, deploy: Deployer, capsys: pytest.CaptureFixture[str]) -> None:
    digits, targets = load_digits(return_X_y=True)
    joblib.dump(LogisticRegression(max_iter=300).fit(digits / 16, targets), "sklearn_mnist_model.pkl")
    model = Model.register(workspace, "sklearn_mnist_model.pkl", "sklearn_mnist")
    write(SKLEARN)
    port = free_port()
    service = deploy([Model(workspace, "sklearn_mnist")], name="sklearn-mnist-local", port=port, wait=False)
    assert service.state == "deploying"
    service.wait_for_deployment(show_output=True)
    printed = capsys.readouterr().out
    assert "runs as a process on this machine, without Docker" in printed
    for step in ("snapshot", "models", "environment", "import", "init", "sample", "start", "ready"):
        assert f"  {step} " in printed
    assert 'Local service creation operation finished, operation "Succeeded"' in printed
    assert service.scoring_uri == f"http://localhost:{port}/score"
    assert service.swagger_uri == f"http://localhost:{port}/swagger.json"
    body = json.dumps({"data": (digits[:3] / 16).tolist()})
    assert service.run(body) == targets[:3].tolist() == service.run(body.encode())
    assert httpx.post(service.scoring_uri, content=body).json() == np.asarray(targets[:3]).tolist()
    assert [step.name for step in service.steps] == [
        "snapshot", "models", "environment", "import", "init", "sample", "start", "ready",
    ]  # fmt: skip
    assert all(step.ended_at is not None for step in service.steps)
    with pytest.raises(ModelInUse):
        model.delete()


def test_a_service_can_be_found_and_described(workspace: Workspace, deploy: Deployer) -> None:
    deploy()
    service = Webservice(workspace, "the-service")
    assert isinstance(service, LocalWebservice)
    assert (service.name, service.state, service.compute_type) == ("the-service", "running", "Local")
    assert (service.auth_enabled, service.token_auth_enabled) == (False, False)
    assert (service.error, service.image, service.models) == (None, None, [])
    assert service.environment.name == "own"
    assert service.environment.python.user_managed_dependencies
    assert set(service.serialize()) >= {
        "name", "tags", "properties", "state", "createdTime", "updatedTime", "error", "computeType", "workspaceName",
        "imageId", "scoringUri", "swaggerUri", "port",
    }  # fmt: skip
    assert [one.name for one in Webservice.list(workspace)] == ["the-service"]
    assert [one.name for one in LocalWebservice.list(workspace)] == ["the-service"]
    assert Webservice.list(workspace, compute_type="ACI") == []
    assert Webservice.list(workspace, tags=["nope"]) == []
    assert workspace.webservices["the-service"].scoring_uri == service.scoring_uri
    service.add_tags({"a": "1", "b": "2"})
    service.remove_tags(["b"])
    service.add_properties({"p": "x"})
    again = Webservice.deserialize(workspace, service.serialize())
    assert again is not None
    assert (again.tags, again.properties) == ({"a": "1"}, {"p": "x"})
    assert Webservice.list(workspace, tags=[["a", "1"]])[0].name == "the-service"
    for act in (service.get_keys, service.get_token, lambda: service.regen_key("Primary")):
        with pytest.raises(NotImplementedError, match="no authentication"):
            act()
    with pytest.raises(WebserviceNotFound):
        AciWebservice(workspace, "the-service")


def test_the_entry_script_finds_models_source_and_identity(workspace: Workspace, deploy: Deployer) -> None:
    Path("one.pkl").write_text("1")
    Path("two").mkdir()
    Path("two", "weights.bin").write_text("2")
    one, two = Model.register(workspace, "one.pkl", "one"), Model.register(workspace, "two", "two")
    service = deploy([one])
    seen = service.run('"where"')
    root = Path(seen["AML_APP_ROOT"])
    assert Path(seen["AZUREML_MODEL_DIR"]) == root / "azureml-models" / "one" / "1"
    assert (Path(seen["AZUREML_MODEL_DIR"]) / "one.pkl").read_text() == "1"
    assert (seen["AZUREML_SOURCE_DIRECTORY"], seen["AZUREML_ENTRY_SCRIPT"]) == ("source", "source/score.py")
    assert seen["SERVICE_NAME"] == "the-service"
    assert [m.id for m in service.models] == ["one:1"]

    service.update(models=[one, two, "two"], wait=True)
    seen = service.run('"where"')
    models = Path(seen["AZUREML_MODEL_DIR"])
    assert models == Path(seen["AML_APP_ROOT"]) / "azureml-models"
    found = sorted(str(path.relative_to(models)) for path in models.rglob("*") if path.is_file())
    assert found == ["one/1/one.pkl", "two/0/two/weights.bin", "two/1/two/weights.bin"]
    assert [m.id for m in service.models] == ["one:1", "two:1"]
    assert [s.name for s in Webservice.list(workspace, model_name="two")] == ["the-service"]
    assert Webservice.list(workspace, model_id="two:2") == []


def test_a_local_file_is_served_without_being_registered(workspace: Workspace, deploy: Deployer) -> None:
    name = "a-model-with-a-rather-long-name.pkl"
    Path(name).write_text("weights")
    seen = deploy([name]).run('"where"')
    assert Path(seen["AZUREML_MODEL_DIR"]).parts[-2:] == (name[:30], "0")
    assert Path(seen["AZUREML_MODEL_DIR"], name).read_text() == "weights"
    assert Model.list(workspace) == []


def test_a_script_without_a_source_directory_goes_alone(deploy: Deployer) -> None:
    Path("score.py").write_text(ECHO)
    seen = deploy(inference=InferenceConfig("score.py", environment=user_managed())).run('"where"')
    assert (seen["AZUREML_SOURCE_DIRECTORY"], seen["AZUREML_ENTRY_SCRIPT"]) == (None, "score.py")
    assert set(os.listdir(seen["AML_APP_ROOT"])) >= {"azureml-models", "score.py"}
    assert "source" not in os.listdir(seen["AML_APP_ROOT"])


def test_the_whole_source_directory_is_sent(deploy: Deployer) -> None:
    Path("source/outputs").mkdir(parents=True)
    Path("source/outputs/kept.txt").touch()
    Path("source/.gitignore").write_text("*.txt\n")
    write("import os\ndef init(): pass\ndef run(d): return os.path.exists('source/outputs/kept.txt')")
    assert deploy().run("1") is True


def test_a_wrong_call_raises_with_status_and_body_and_the_log_has_the_traceback(deploy: Deployer) -> None:
    service = deploy()
    with pytest.raises(WebserviceException, match=r"answered 500.*scoring script") as error:
        service.run('"fail"')
    assert error.value.status_code == 500
    assert "An unexpected error occurred" in error.value.facts["body"]
    deadline = time.monotonic() + SECONDS
    while "ValueError: asked to fail" not in service.get_logs():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "init ran in" in service.get_logs()
    assert len(service.get_logs(num_lines=2).splitlines()) == 2
    with pytest.raises(WebserviceException, match="text or bytes, not dict"):
        service.run({"data": 1})  # type: ignore[arg-type]


def test_a_failed_service_is_mended_by_an_update(deploy: Deployer) -> None:
    write("def init(): raise OSError('x')\ndef run(d): pass")
    service = deploy(wait=False)
    with pytest.raises(DeploymentFailed):
        service.wait_for_deployment(timeout_sec=SECONDS)
    write(ECHO)
    service.reload(wait=True)
    assert service.run("5") == [5, 1]
    assert service.error is None


def test_reload_takes_the_changed_source_and_keeps_the_port(deploy: Deployer) -> None:
    service = deploy()
    port = service.port
    write(ECHO.replace("VERSION = 1", "VERSION = 2"))
    service.reload(wait=True)
    assert service.run("1") == [1, 2]
    assert service.port == port


def test_a_revision_that_fails_leaves_the_old_one_serving(workspace: Workspace, deploy: Deployer) -> None:
    service = deploy()
    write("def init(): raise OSError('broken weights')\ndef run(d): pass")
    with pytest.raises(DeploymentFailed, match=r"Revision 1 goes on serving") as error:
        service.reload(wait=True)
    assert "broken weights" in error.value.message
    assert (service.state, service.run("1")) == ("running", [1, 1])
    assert service.error is not None
    assert "broken weights" in service.error["message"]
    assert LocalWebservice(workspace, "the-service").scoring_uri == service.scoring_uri


def test_no_call_is_lost_while_a_new_revision_takes_over(deploy: Deployer) -> None:
    service = deploy()
    write(ECHO.replace("VERSION = 1", "VERSION = 2"))
    assert service.scoring_uri is not None
    service.reload()
    seen: list[int] = []
    deadline = time.monotonic() + SECONDS
    while 2 not in seen:
        reply = httpx.post(service.scoring_uri, content="0", timeout=SECONDS)
        assert reply.status_code == 200
        seen.append(reply.json()[1])
        assert time.monotonic() < deadline
    assert seen == sorted(seen)


def test_an_update_can_move_to_another_port(deploy: Deployer) -> None:
    service = deploy()
    old, new = service.port, free_port()
    service.update(deployment_config=LocalWebservice.deploy_configuration(new), wait=True)
    assert service.scoring_uri == f"http://localhost:{new}/score"
    assert service.run("1") == [1, 1]
    deadline = time.monotonic() + SECONDS
    while answers(old):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_update_can_change_script_and_environment(deploy: Deployer) -> None:
    service = deploy()
    write("import os\ndef init(): pass\ndef run(d): return os.environ['COLOUR']", "second")
    environment = user_managed(COLOUR="blue")
    service.update(
        inference_config=InferenceConfig("score.py", source_directory="second", environment=environment), wait=True
    )
    assert service.run("1") == "blue"
    write("def init(): pass\ndef run(d): return 'reloaded'", "second")
    service.reload(wait=True)
    assert service.run("1") == "reloaded"


def test_a_name_is_used_once_unless_overwritten(workspace: Workspace, deploy: Deployer) -> None:
    first = deploy()
    with pytest.raises(WebserviceExists, match="overwrite=True"):
        deploy()
    with pytest.raises(WebserviceExists):
        Webservice.check_for_existing_webservice(workspace, "the-service")
    Webservice.check_for_existing_webservice(workspace, "the-service", overwrite=True)
    Webservice.check_for_existing_webservice(workspace, "another")
    write(ECHO.replace("VERSION = 1", "VERSION = 3"))
    second = deploy(overwrite=True, port=first.port)
    assert second.run("1") == [1, 3]
    assert second.port == first.port


def test_delete_stops_everything_and_frees_name_and_port(workspace: Workspace, deploy: Deployer) -> None:
    service = deploy(port=free_port())
    folder = service._folder.path
    assert folder.exists()
    service.delete()
    assert service.state == "deleted"
    assert not folder.exists()
    with pytest.raises(WebserviceNotFound, match="WebserviceNotFound: Webservice with name the-service not found"):
        Webservice(workspace, "the-service")
    assert LocalWebservice(workspace, "the-service", must_exist=False).state == "deleted"
    service.delete()
    again = deploy(port=service.port)
    assert again.run("1") == [1, 1]
    again.delete(delete_cache=False)
    assert folder.exists()


def test_a_service_whose_supervisor_was_killed_is_unknown_and_comes_back(deploy: Deployer) -> None:
    service = deploy()
    pid = service._service.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + SECONDS
    while service.state != "unknown":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    while answers(service.port):  # what it served ends with it
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(DeploymentFailed, match="is not there any more: call reload"):
        service.wait_for_deployment()
    service.reload(wait=True)
    assert (service.state, service.run("1")) == ("running", [1, 1])
