"""Model.package: an image that serves wherever it runs, or the folder to build it from."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from tests.docker_engine import BASE
from zaffre.core.errors import EngineUnavailable, EnvironmentBuildFailed, InvalidValue, WebserviceException
from zaffre.docker import containers, images
from zaffre.docker.engine import Engine
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model, ModelPackage
from zaffre.sdk.workspace import Workspace

SECONDS = 300.0  # generous: the machine may be busy with other tests

SCRIPT = """
import json, os
def init():
    global weights
    weights = open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "weights.txt")).read()
    open("written", "w").close()
def run(data):
    return [json.loads(data), weights, os.getuid() != 0, os.environ["QUOTED"]]
"""


def config(folder: Path, image: str = BASE) -> InferenceConfig:
    (folder / "src").mkdir(exist_ok=True)
    (folder / "src" / "score.py").write_text(SCRIPT)
    environment = Environment.from_docker_image("packaged", image)
    environment.environment_variables = {"QUOTED": 'a "b" $c'}
    return InferenceConfig("score.py", source_directory=str(folder / "src"), environment=environment)


@pytest.fixture
def model(workspace: Workspace, tmp_path: Path) -> Model:
    (tmp_path / "weights.txt").write_text("heavy")
    return Model.register(workspace, str(tmp_path / "weights.txt"), "weights")


def test_the_image_serves_by_itself(
    workspace: Workspace, docker: Engine, model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = Model.package(workspace, [model], config(tmp_path), image_name="zaffre-test/package", image_label="t1")
    package.wait_for_creation(show_output=True)
    assert (package.state, package.location) == ("Succeeded", "zaffre-test/package:t1")
    assert "docker run -p 5001:5001 zaffre-test/package:t1" in capsys.readouterr().out
    settings = {
        "Image": package.location,
        "HostConfig": {"PortBindings": {"5001/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}},
    }
    container = containers.create(docker, settings)
    try:
        docker.post(f"/containers/{container}/start")
        found = containers.inspect(docker, container)
        assert found is not None
        port = found["NetworkSettings"]["Ports"]["5001/tcp"][0]["HostPort"]
        assert answer(f"http://127.0.0.1:{port}") == [5, "heavy", True, 'a "b" $c']
        package.pull()
    finally:
        containers.remove(docker, container)
        images.remove(docker, "zaffre-test/package:t1", force=True)
    with pytest.raises(WebserviceException, match="was removed from the container engine"):
        package.pull()
    logs, later = package.get_logs(), package.get_logs(decode=False, offset=10)
    assert isinstance(logs, str)
    assert logs.encode()[10:] == later
    assert package.serialize()["location"] == "zaffre-test/package:t1"
    assert package.get_container_registry().address is None
    with pytest.raises(WebserviceException, match="generate_dockerfile=True"):
        package.save(str(tmp_path / "out"))


def answer(url: str) -> object:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return httpx.post(f"{url}/score", content="5", timeout=SECONDS).json()
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.usefixtures("docker")
def test_a_dockerfile_with_all_that_it_copies(workspace: Workspace, model: Model, tmp_path: Path) -> None:
    package = Model.package(workspace, [model], config(tmp_path), generate_dockerfile=True, image_label="t2")
    package.wait_for_creation()
    package.save(str(tmp_path / "out"))
    text = (tmp_path / "out" / "Dockerfile").read_text()
    assert f"FROM {BASE}\n" in text
    assert "EXPOSE 5001\n" in text
    assert (tmp_path / "out" / "source" / "score.py").read_text() == SCRIPT
    assert (tmp_path / "out" / "azureml-models" / "weights" / "1" / "weights.txt").read_text() == "heavy"
    with pytest.raises(WebserviceException, match="without generate_dockerfile=True"):
        package.pull()


@pytest.mark.usefixtures("docker")
def test_what_cannot_be_packaged_says_so(workspace: Workspace, model: Model, tmp_path: Path) -> None:
    package = Model.package(workspace, [model], config(tmp_path, "zaffre-test/nowhere:9"))
    with pytest.raises(EnvironmentBuildFailed, match="zaffre-test/nowhere:9"):
        package.wait_for_creation()
    assert package.state == "Failed"
    assert "zaffre-test/nowhere:9" in str(package.get_logs())
    with pytest.raises(WebserviceException, match="Failed"):
        package.pull()
    with pytest.raises(InvalidValue, match="Up per:1"):
        Model.package(workspace, [model], config(tmp_path), image_name="Up per", image_label="1")
    with pytest.raises(WebserviceException, match="no package with the id 'o'"):
        ModelPackage(workspace, "o", None)


def test_without_an_engine(workspace: Workspace, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineUnavailable, match="No container engine answers"):
        Model.package(workspace, [model], config(tmp_path))
