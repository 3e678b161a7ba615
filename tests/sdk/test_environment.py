from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.docker_engine import BASE
from tests.server_process import ServerProcess
from zaffre.core.errors import (
    ActivityFailedException,
    AlreadyExists,
    EngineUnavailable,
    EnvironmentBuildFailed,
    InvalidValue,
    NotFound,
    StateConflict,
    Unsupported,
    UserErrorException,
)
from zaffre.docker import containers, images
from zaffre.docker.engine import Engine
from zaffre.sdk.conda_dependencies import CondaDependencies
from zaffre.sdk.environment import (
    DEFAULT_CPU_IMAGE,
    ContainerRegistry,
    DockerBuildContext,
    Environment,
    EnvironmentReference,
    RegistryIdentity,
    RSection,
    SparkPackage,
)
from zaffre.sdk.workspace import Workspace


@pytest.fixture
def workspace(server: ServerProcess, workspace_name: str) -> Workspace:
    assert server.url
    return Workspace("sub", "group", workspace_name)


def test_a_new_environment_has_azures_defaults_and_prints_as_json() -> None:
    environment = Environment("mine")
    shown = json.loads(repr(environment))
    assert str(environment) == repr(environment)
    assert shown["name"] == "mine"
    assert shown["version"] is None
    assert shown["environmentVariables"] == {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"}
    assert shown["python"]["condaDependencies"]["dependencies"] == ["python=3.8.13", {"pip": ["azureml-defaults"]}]
    assert shown["docker"]["baseImage"] == DEFAULT_CPU_IMAGE
    assert shown["docker"]["enabled"] is False
    assert shown["docker"]["platform"] == {"os": "Linux", "architecture": "amd64"}
    assert shown["spark"] == {"repositories": [], "packages": [], "precachePackages": True}
    assert sorted(shown) == [
        "assetId", "databricks", "docker", "environmentVariables", "inferencingStackVersion", "name", "python", "r",
        "spark", "version",
    ]  # fmt: skip


def test_a_misspelt_attribute_is_refused() -> None:
    environment = Environment("mine")
    with pytest.raises(AttributeError, match="DockerSection has no attribute 'base_imgae'"):
        environment.docker.base_imgae = "x"
    with pytest.raises(AttributeError, match="'phyton'"):
        environment.phyton = None
    with pytest.raises(TypeError, match="is text, not int"):
        Environment(3)  # type: ignore[arg-type]


def full() -> Environment:
    """An environment in which everything is set that can be."""
    environment = Environment("full")
    environment.version = "7"
    environment.environment_variables = {"A": "b"}
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = "/usr/bin/python3"
    environment.python.base_conda_environment = "base"
    environment.python.conda_dependencies = CondaDependencies.create(conda_packages=["numpy"])
    environment.docker.enabled = True
    environment.docker.base_dockerfile = "FROM scratch\n"
    environment.docker.arguments = ["--network", "host"]
    environment.docker.shm_size = "4g"
    environment.docker.shared_volumes = False
    environment.docker.platform.architecture = "arm64"
    registry = ContainerRegistry()
    registry.address, registry.username, registry.password = "host", "me", "hunter2"
    registry.registry_identity = RegistryIdentity()
    registry.registry_identity.client_id = "id"
    environment.docker.base_image_registry = registry
    environment.spark.packages = [SparkPackage("g", "a", "1")]
    environment.databricks.pypi_libraries = [{"package": "six"}]
    environment.r = RSection()
    environment.r.r_version = "4.1"
    environment.inferencing_stack_version = "latest"
    return environment


def test_a_folder_round_trips(tmp_path: Path) -> None:
    environment = full()
    folder = tmp_path / "env"
    environment.save_to_directory(folder)
    assert sorted(file.name for file in folder.iterdir()) == [
        "BaseDockerfile",
        "azureml_environment.json",
        "conda_dependencies.yml",
    ]
    plain = json.loads((folder / "azureml_environment.json").read_text())
    assert "condaDependencies" not in plain["python"]
    again = Environment.load_from_directory(folder)
    assert again.to_plain() == environment.to_plain()
    with pytest.raises(FileExistsError):
        environment.save_to_directory(folder)
    Environment("other").save_to_directory(folder, overwrite=True)
    assert Environment.load_from_directory(folder).to_plain() == Environment("other").to_plain()


def test_a_folder_that_holds_no_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"azureml_environment\.json"):
        Environment.load_from_directory(tmp_path)
    (tmp_path / "azureml_environment.json").write_text("{")
    with pytest.raises(UserErrorException, match="is not JSON"):
        Environment.load_from_directory(tmp_path)
    (tmp_path / "azureml_environment.json").write_text('{"docker": {"baseImgae": "x"}}')
    with pytest.raises(UserErrorException, match=r"docker has unknown keys: baseImgae"):
        Environment.load_from_directory(tmp_path)


def test_passwords_are_not_printed_but_kept() -> None:
    environment = full()
    assert "hunter2" not in repr(environment)
    assert environment.to_plain()["docker"]["baseImageRegistry"]["password"] == "hunter2"


def test_sources_of_an_image_exclude_each_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    docker = Environment("mine").docker
    file = tmp_path / "Dockerfile"
    file.write_text("FROM scratch\n")
    docker.base_dockerfile = str(file)
    plain = docker.to_plain()
    assert (plain["baseImage"], plain["baseDockerfile"], plain["buildContext"]) == (None, "FROM scratch\n", None)
    assert "base_image is reset" in caplog.text
    docker.build_context = DockerBuildContext("git", "https://host/repo")
    plain = docker.to_plain()
    assert (plain["baseDockerfile"], plain["buildContext"]["locationType"]) == (None, "git")
    docker.base_image = "ubuntu"
    plain = docker.to_plain()
    assert (plain["baseImage"], plain["buildContext"]) == ("ubuntu", None)
    assert docker.gpu_support is True


def test_from_a_conda_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "conda.yml"
    file.write_text("name: x\ndependencies:\n- numpy\n- pip:\n  - six\n")
    conda = Environment.from_conda_specification("mine", file).python.conda_dependencies
    assert conda is not None
    assert conda.as_dict()["dependencies"] == ["numpy", {"pip": ["six"]}, "python=3.10.18"]
    assert "names no Python version: python=3.10.18 is added" in capsys.readouterr().out
    file.write_text("dependencies:\n- python=3.11  # as on the server\n")
    Environment.from_conda_specification("mine", file).save_to_directory(tmp_path / "saved")
    assert "- python=3.11  # as on the server\n" in (tmp_path / "saved" / "conda_dependencies.yml").read_text()
    file.write_text("dependencies: [python>=3.9]")
    conda = Environment.from_conda_specification("mine", str(file)).python.conda_dependencies
    assert conda is not None
    assert list(conda.conda_packages) == ["python>=3.9"]


def test_from_requirements_files(tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text("six==1.16.0\n-r requirements.txt\n")
    file = tmp_path / "requirements.txt"
    file.write_text("# comment\n\nnumpy>=1 \\\n  ,<3\n-r base.txt\n--extra-index-url https://u\n")
    conda = Environment.from_pip_requirements("mine", file).python.conda_dependencies
    assert conda is not None
    assert list(conda.pip_packages) == ["numpy>=1    ,<3", "six==1.16.0"]
    assert list(conda.pip_options) == ["--extra-index-url https://u"]
    assert list(conda.conda_packages) == ["python=3.8.13", "pip"]
    conda = Environment.from_pip_requirements("mine", file, pip_version="20.0").python.conda_dependencies
    assert conda is not None
    assert "pip=20.0" in list(conda.conda_packages)


def test_from_docker(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("six\n")
    registry = ContainerRegistry()
    registry.address = "host"
    bare = Environment.from_docker_image("mine", "ubuntu:1", container_registry=registry)
    assert bare.python.user_managed_dependencies
    assert bare.docker.base_image == "ubuntu:1"
    assert bare.docker.base_image_registry.address == "host"
    assert not bare.docker.enabled
    filled = Environment.from_dockerfile("mine", "FROM scratch", pip_requirements=file)
    assert not filled.python.user_managed_dependencies
    assert filled.docker.base_dockerfile == "FROM scratch"
    context = Environment.from_docker_build_context("mine", DockerBuildContext("git", "https://host/repo"))
    assert context.docker.build_context is not None
    with pytest.raises(UserErrorException, match="exclude each other"):
        Environment.from_docker_image("mine", "ubuntu:1", conda_specification=file, pip_requirements=file)


def test_versions_count_up_with_the_content(workspace: Workspace) -> None:
    environment = Environment("mine")
    first = environment.register(workspace)
    assert (first.name, first.version) == ("mine", "1")
    assert environment.register(workspace).version == "1"
    first.environment_variables = {"NEW": "value"}
    second = first.register(workspace)
    assert second.version == "2"
    assert Environment.get(workspace, "mine").version == "2"
    assert Environment.get(workspace, "mine", version="1").environment_variables == {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"}
    assert EnvironmentReference("mine", "1").get_environment(workspace).version == "1"
    assert Environment.get(workspace, "mine").to_plain() == second.to_plain()


def test_a_version_set_by_hand_is_kept_and_never_changes(workspace: Workspace) -> None:
    environment = Environment("mine")
    environment.version = "2024-release"
    assert environment.register(workspace).version == "2024-release"
    environment.environment_variables = {"A": "b"}
    with pytest.raises(StateConflict, match="versions never change"):
        environment.register(workspace)


def test_labels_lists_and_clones(workspace: Workspace) -> None:
    environment = Environment("mine").register(workspace)
    Environment.label(workspace, "mine", "1", ["prod"])
    assert Environment.get(workspace, "mine", label="prod").version == "1"
    with pytest.raises(UserErrorException, match="exclude each other"):
        Environment.get(workspace, "mine", version="1", label="prod")
    listed = Environment.list(workspace)
    assert listed["mine"].version == "1"
    assert "AzureML-Minimal" in listed
    copy = environment.clone("copy")
    assert (copy.name, copy.version) == ("copy", None)
    copy.python.interpreter_path = "elsewhere"
    assert environment.python.interpreter_path == "python"


def test_a_curated_name_is_found_without_being_registered_in_any_case(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    Environment.get(workspace, name="AzureML-Minimal", version="32")
    assert "AzureML-Minimal stands for current packages, whatever its version." in capsys.readouterr().out
    found = Environment.get(workspace, name="azureml-SKLEARN-0.24-ubuntu18.04-py37-cpu")
    assert found.python.conda_dependencies is not None
    assert "scikit-learn" in list(found.python.conda_dependencies.pip_packages)
    mine = found.clone("mine").register(workspace)
    assert mine.version == "1"
    with pytest.raises(Unsupported, match="AzureML-Chainer"):
        Environment.get(workspace, "AzureML-Chainer-5.1.0-CPU")
    with pytest.raises(NotFound, match="AzureML-Nothing"):
        Environment.get(workspace, "AzureML-Nothing-1.0")


def small() -> Environment:
    environment = Environment("small")
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["six==1.16.0"])
    return environment


def test_build_in_the_background(workspace: Workspace) -> None:
    details = small().build(workspace).wait_for_completion(show_output=False)
    assert details.status == "Succeeded"
    assert "environment" in details.get_log()
    broken = small()
    broken.python.conda_dependencies = CondaDependencies.create(pip_packages=["six==99.99"])
    details = broken.build(workspace)
    with pytest.raises(EnvironmentBuildFailed, match=r"six==99\.99"):
        details.wait_for_completion(show_output=True)
    assert details.status == "Failed"
    assert "six==99.99" in details.get_log()


def test_build_on_a_compute_target(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    details = small().build(workspace, image_build_compute="builder")
    assert details.status in ("Queued", "Running", "Succeeded")
    details.wait_for_completion(show_output=True)
    assert details.status == "Succeeded"
    assert capsys.readouterr().out == details.get_log()
    assert "environment" in details.get_log()
    assert f"/ws/{workspace.name}/runs/" in str(details.log_url)
    broken = small()
    broken.python.conda_dependencies = CondaDependencies.create(pip_packages=["six==99.99"])
    details = broken.build(workspace, "builder")
    with pytest.raises(ActivityFailedException, match=r"six==99\.99"):
        details.wait_for_completion(show_output=False)
    assert (details.status, Environment.get(workspace, "small").version) == ("Failed", "2")


def test_build_here(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    log = small().build_local(workspace, useDocker=False)
    assert "environment" in log
    assert capsys.readouterr().out == log


def test_build_an_image_here(workspace: Workspace, docker: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    environment = Environment.from_docker_image("imaged", BASE)
    environment.python.user_managed_dependencies = False
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["six==1.16.0"])
    assert environment.get_image_details(workspace).image_exist is False
    log = environment.build_local(workspace)
    assert capsys.readouterr().out == log
    details = environment.get_image_details(workspace)
    assert details.image_exist is True
    assert f"Built the image {details.repository} " in log or f"Reusing the image {details.repository}." in log
    assert details.interpreter_path == "/opt/zaffre/env/bin/python"
    assert images.inspect(docker, details.repository) is not None
    assert "Reusing the image" in environment.build(workspace).wait_for_completion(show_output=False).get_log()


def test_an_image_without_an_engine_is_a_sentence(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineUnavailable, match="No container engine answers"):
        small().build_local(workspace)


def docker_environment() -> Environment:
    return Environment.from_docker_image("boxed", "ubuntu:22.04")


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda ws: small().build_local(ws, platform="Solaris", useDocker=False), "not for Solaris"),
        (lambda ws: docker_environment().build_local(ws, useDocker=False), "Docker image ubuntu:22.04"),
    ],
)
def test_what_is_not_built_says_so(workspace: Workspace, act: Any, words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        act(workspace)


def test_a_build_context_is_sent_whole_and_built_from(
    workspace: Workspace, docker: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert docker
    (tmp_path / "docker").mkdir()
    stamp = uuid4().hex  # no image of it is there
    (tmp_path / "docker" / "Dockerfile").write_text(
        f"FROM {BASE}\nENV S={stamp}\nCOPY tool.sh /opt/\nRUN /opt/tool.sh\n"
    )
    (tmp_path / "tool.sh").write_text("#!/bin/sh\necho from the context > /opt/said\n")
    (tmp_path / "tool.sh").chmod(0o755)
    (tmp_path / ".gitignore").write_text("tool.sh\n")
    with pytest.raises(UserErrorException, match=r"There is no Dockerfile .*/Dockerfile: dockerfile_path says where"):
        DockerBuildContext.from_local_directory(workspace, str(tmp_path))
    context = DockerBuildContext.from_local_directory(workspace, str(tmp_path), "docker/Dockerfile")
    assert (context.location_type, context.dockerfile_path) == ("storageaccount", "docker/Dockerfile")
    registered = Environment.from_docker_build_context("boxed", context).register(workspace)
    assert Environment.get(workspace, "boxed").get_image_details(workspace).image_exist is False
    registered.build_local(workspace)
    built = registered.get_image_details(workspace)
    assert built.image_exist is True
    assert containers.output_of(docker, built.repository, ["cat", "/opt/said"]) == (0, "from the context\n")
    capsys.readouterr()
    assert "Building" not in registered.build_local(workspace)
    same = DockerBuildContext.from_local_directory(workspace, str(tmp_path), "docker/Dockerfile")
    assert same.location == context.location


def test_a_push_needs_an_image_and_a_registry(workspace: Workspace, docker: Engine) -> None:
    assert docker
    with pytest.raises(UserErrorException, match="useDocker=False makes none"):
        small().build_local(workspace, useDocker=False, pushImageToWorkspaceAcr=True)
    with pytest.raises(InvalidValue, match="No registry is set to push images to: set ZAFFRE_REGISTRY"):
        small().build_local(workspace, pushImageToWorkspaceAcr=True)


def test_what_stands_for_the_image_is_the_folder_that_was_built(workspace: Workspace) -> None:
    environment = Environment("shown")
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["tabulate==0.8.10"])
    before = environment.get_image_details(workspace)
    assert (before.image_exist, before.registry, before.environment_path) == (False, None, None)
    environment.build_local(workspace, useDocker=False)
    after = environment.get_image_details(workspace)
    assert after.image_exist is False
    assert Path(after.environment_path).is_dir()
    assert Path(after.interpreter_path).exists()


def test_a_private_wheel_is_kept_in_the_workspace_and_installed(workspace: Workspace, tmp_path: Path) -> None:
    wheel = tmp_path / "ownlib-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("ownlib.py", "SAYS = 'mine'\n")
        archive.writestr("ownlib-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: ownlib\nVersion: 1.0\n")
        tags = "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr("ownlib-1.0.dist-info/WHEEL", tags)
        archive.writestr("ownlib-1.0.dist-info/RECORD", "ownlib.py,,\nownlib-1.0.dist-info/RECORD,,\n")
    address = Environment.add_private_pip_wheel(workspace, str(wheel))
    with pytest.raises(AlreadyExists):
        Environment.add_private_pip_wheel(workspace, str(wheel))
    assert Environment.add_private_pip_wheel(workspace, str(wheel), exist_ok=True) == address
    environment = Environment("private")
    environment.python.conda_dependencies = CondaDependencies.create(python_version="3.10.18", pip_packages=[address])
    environment.build_local(workspace, useDocker=False)
    python = environment.get_image_details(workspace).interpreter_path
    said = subprocess.run([python, "-c", "import ownlib; print(ownlib.SAYS)"], capture_output=True, text=True)
    assert said.stdout == "mine\n", said.stderr
    with pytest.raises(UserErrorException, match=r"other\.txt is not the name of a wheel"):
        Environment.add_private_pip_wheel(workspace, "other.txt")
    with pytest.raises(UserErrorException, match="There is no wheel"):
        Environment.add_private_pip_wheel(workspace, str(tmp_path / "no-1.0-py3-none-any.whl"))


def test_a_conda_file_named_in_the_python_section_is_read_when_it_is_used(tmp_path: Path) -> None:
    environment = Environment("mine")
    environment.python.conda_dependencies_file = str(tmp_path / "late.yml")
    CondaDependencies.create(conda_packages=["numpy"]).save(tmp_path / "late.yml")
    assert "numpy" in environment.to_plain()["python"]["condaDependencies"]["dependencies"]


def test_importing_it_pulls_no_heavy_library() -> None:
    code = (
        "import sys, zaffre.sdk.environment; print([m for m in ('httpx', 'sqlalchemy', 'fastapi') if m in sys.modules])"
    )
    import sys

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "[]"
