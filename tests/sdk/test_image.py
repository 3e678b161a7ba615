"""Images of models on a real engine: made, found, run with docker run, pushed, and deployed from."""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import mlflow
import numpy
import pytest
from sklearn.linear_model import LinearRegression  # type: ignore[import-untyped]

from tests.docker_engine import BASE
from tests.image_registry import image_registry
from tests.server_process import ServerProcess
from zaffre.core.errors import InvalidValue, Unsupported, WebserviceException
from zaffre.docker import containers, images
from zaffre.docker.engine import Engine
from zaffre.sdk.environment_sections import DEFAULT_CPU_IMAGE
from zaffre.sdk.image import ContainerImage, Image
from zaffre.sdk.image_config import ContainerImageConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.webservice_aci import AciWebservice
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

SECONDS = 300.0  # generous: the machine may be busy with other tests

SCRIPT = """
import json, os
from beside.part import VERSION
def init():
    global weights
    weights = open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "weights.txt")).read()
def run(data):
    return [json.loads(data), weights, VERSION]
"""


@pytest.fixture
def there(docker: Engine, own_server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    assert docker.address
    monkeypatch.setenv("ZAFFRE_HOME", str(own_server.home))
    monkeypatch.chdir(tmp_path)
    return Workspace("sub", "group", "default")


@pytest.fixture
def model(there: Workspace) -> Model:
    Path("weights.txt").write_text("heavy")
    return Model.register(there, "weights.txt", "weights")


def config(version: int = 1, **more: Any) -> ContainerImageConfig:
    Path("beside").mkdir(exist_ok=True)
    Path("beside/part.py").write_text(f"VERSION = {version}\n")
    Path("score.py").write_text(SCRIPT)
    return ContainerImage.image_configuration("score.py", "python", dependencies=["beside"], base_image=BASE, **more)


@contextmanager
def running(engine: Engine, image: str) -> Iterator[str]:
    """The address of a container that ``docker run -p 5001 IMAGE`` starts."""
    ports = {"5001/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}
    container = containers.create(engine, {"Image": image, "HostConfig": {"PortBindings": ports}})
    try:
        engine.post(f"/containers/{container}/start")
        found = containers.inspect(engine, container)
        assert found is not None
        yield f"http://127.0.0.1:{found['NetworkSettings']['Ports']['5001/tcp'][0]['HostPort']}/score"
    finally:
        containers.remove(engine, container)


def ask(address: str, data: Any) -> Any:
    """The answer, once something listens."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            answer = httpx.post(address, content=json.dumps(data), timeout=SECONDS)
        except httpx.TransportError:
            assert time.monotonic() < deadline, address
            time.sleep(0.05)
        else:
            return answer.json()


def test_an_image_is_made_found_run_deployed_from_and_removed(
    there: Workspace, docker: Engine, model: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    first = Image.create(there, "served", [model], config(tags={"a": "b"}, description="words"))
    first.wait_for_creation(show_output=True)
    assert 'Image creation operation finished for image served:1, operation "Succeeded"' in capsys.readouterr().out
    second = ContainerImage.create(there, "served", [model], config(2))
    second.wait_for_creation()
    # found by name, version, id and what it serves
    assert [one.id for one in Image.list(there)] == ["served:2", "served:1"]
    assert [one.id for one in Image.list(there, tags=["a"], model_name="weights")] == ["served:1"]
    assert Image.list(there, model_id="weights:2") == []
    assert (Image(there, "served").version, Image(there, id="served:1").description) == (2, "words")
    assert there.images["served"].id == "served:2"
    assert [one.id for one in Image(there, "served", version=1).models] == ["weights:1"]
    with pytest.raises(WebserviceException, match="ImageNotFound: There is no image served:3"):
        Image(there, "served", version=3)
    # it serves wherever it runs
    with running(docker, first.image_location) as address:
        assert ask(address, 5) == [5, "heavy", 1]
    # deployed to the server and to this machine
    service = Webservice.deploy_from_image(there, "of-image", first, AciWebservice.deploy_configuration(cpu_cores=1))
    assert isinstance(service, AciWebservice)
    local = Webservice.deploy_from_image(there, "of-image-here", second, LocalWebservice.deploy_configuration())
    try:
        service.wait_for_deployment(timeout_sec=SECONDS)
        assert service.run("6") == [6, "heavy", 1]
        assert (service.image_id, service.image.id if service.image else "") == ("served:1", "served:1")
        service.update(image=second)
        service.wait_for_deployment(timeout_sec=SECONDS)
        assert (service.run("7"), service.image_id, service.cpu_cores) == ([7, "heavy", 2], "served:2", 1)
        local.wait_for_deployment(timeout_sec=SECONDS)
        assert local.run("8") == [8, "heavy", 2]
        assert [one.name for one in Webservice.list(there, image_id="served:2")] == ["of-image", "of-image-here"]
        assert Webservice.list(there, image_name="other") == []
    finally:
        service.delete()
        local.delete()
    for image in (first, second):
        image.delete()
    assert Image.list(there) == []


def test_models_and_files_are_deployed_with_the_configuration_of_an_image(there: Workspace, model: Model) -> None:
    assert there.name
    local = Webservice.deploy_local_from_model(there, "the-local", [model], config())
    files = None
    try:
        local.wait_for_deployment(timeout_sec=SECONDS)
        assert local.run("1") == [1, "heavy", 1]
        local.update(image_config=config(2), wait=True)
        assert local.run("1") == [1, "heavy", 2]
        files = local.deploy_to_cloud("in-cloud", AciWebservice.deploy_configuration())
        files.wait_for_deployment(timeout_sec=SECONDS)
        assert files.run("2") == [2, "heavy", 2]
        with pytest.raises(WebserviceException, match=r"no model file or folder at none\.txt"):
            Webservice.deploy(there, "the-files", ["none.txt"], config())
    finally:
        local.delete()
        if files is not None:
            files.delete()


def test_an_image_goes_to_the_registry_that_is_set_and_no_password_is_told(
    there: Workspace, docker: Engine, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    with image_registry("ana:the-password") as registry:
        monkeypatch.setenv("ZAFFRE_REGISTRY", registry.address)
        monkeypatch.setenv("ZAFFRE_REGISTRY_USER", "ana")
        monkeypatch.setenv("ZAFFRE_REGISTRY_PASSWORD", "the-password")
        package = Model.package(there, [model], config()._inference(), image_name="pushed", image_label="1")
        package.wait_for_creation()
        assert package.location == f"{registry.address}/pushed:1"
        assert "pushed:1" in registry.tags
        sign_in = package.get_container_registry()
        assert (sign_in.address, sign_in.username, sign_in.password) == (registry.address, "ana", "the-password")
        assert "the-password" not in f"{package.get_logs()!r}{package.serialize()}"
        images.remove(docker, package.location, force=True)
        images.remove(docker, "pushed:1", force=True)
        package.pull()
        with running(docker, package.location) as address:
            assert ask(address, 1) == [1, "heavy", 1]
        image = Image.create(there, "pushed-too", [model], config())
        image.wait_for_creation()
        assert image.image_location == f"{registry.address}/default/pushed-too:1"
        assert "default/pushed-too:1" in registry.tags
        inside = images.inspect(docker, image.image_location)
        assert inside is not None
        assert "the-password" not in json.dumps(inside)
        image.delete()


@pytest.mark.filterwarnings("ignore::UserWarning:mlflow", "ignore::FutureWarning:mlflow")
@pytest.mark.filterwarnings("ignore:.*deprecated since 2.9.0:FutureWarning")
def test_build_image_makes_an_image_of_an_mlflow_model(there: Workspace, docker: Engine) -> None:
    # The base image that Azure's SDK names by itself stands in the engine under its own name.
    name, _, tag = DEFAULT_CPU_IMAGE.rpartition(":")
    docker.post(f"/images/{BASE}/tag", repo=name, tag=tag)
    azureml = importlib.import_module("mlflow.azureml")  # as scripts for Azure do

    fitted = LinearRegression().fit(numpy.array([[1.0], [2.0]]), numpy.array([2.0, 4.0]))
    mlflow.sklearn.save_model(fitted, "saved", pip_requirements=["scikit-learn"])
    image, model = azureml.build_image("saved", there, image_name="doubling", model_name="doubled", tags={"a": "b"})
    assert (image.creation_state, image.tags, model.name, model.version) == ("Succeeded", {"a": "b"}, "doubled", 1)
    with running(docker, image.image_location) as address:
        asked = {"inputs": [[1.5], [2.0]]}
        assert ask(address, asked)["predictions"] == pytest.approx([3.0, 4.0])
    with pytest.raises(InvalidValue, match="is no MLflow model"):
        azureml.build_image("s3://elsewhere/model", there)
    with pytest.raises(Unsupported, match="mlflow_home"):
        azureml.build_image("saved", there, mlflow_home="/elsewhere")
    image.delete()


def test_what_no_image_can_be_made_of_is_refused(there: Workspace, model: Model) -> None:
    with pytest.raises(WebserviceException, match="There is no entry script"):
        ContainerImage.image_configuration("none.py", "python")
    with pytest.raises(Unsupported, match="schema_file"):
        config(schema_file="schema.json")
    with pytest.raises(WebserviceException, match=r"dependency none\.py"):
        ContainerImage.image_configuration("score.py", "python", dependencies=["none.py"])
    with pytest.raises(WebserviceException, match="below the current folder"):
        ContainerImage.image_configuration("score.py", "python", dependencies=["/tmp"])  # noqa: S108
    with pytest.raises(WebserviceException, match="registered models"):
        Image.create(there, "local", ["weights.txt"], config())  # type: ignore[list-item]
    with pytest.raises(WebserviceException, match="is not an image"):
        Webservice.deploy_from_image(there, "svc", "image")  # type: ignore[arg-type]
    assert model.name
    assert Image.list(there) == []
