"""``RunConfiguration``: its YAML file, its checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from zaffre.core.errors import RunConfigurationException, UserErrorException
from zaffre.sdk.conda_dependencies import CondaDependencies
from zaffre.sdk.environment import Environment
from zaffre.sdk.runconfig import RunConfiguration
from zaffre.sdk.runconfig_sections import ApplicationEndpointConfiguration

KEYS = [
    "script",
    "arguments",
    "target",
    "framework",
    "communicator",
    "maxRunDurationSeconds",
    "nodeCount",
    "priority",
    "environment",
    "history",
    "spark",
    "docker",
    "hdi",
    "tensorflow",
    "mpi",
    "pytorch",
    "paralleltask",
    "dataReferences",
    "data",
    "datacaches",
    "outputData",
    "sourceDirectoryDataStore",
    "amlcompute",
    "autoClusterComputeSpecification",
    "kubernetescompute",
    "credentialPassthrough",
    "command",
    "environmentVariables",
    "applicationEndpoints",
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".azureml").mkdir()
    return tmp_path


def read(file: Path) -> dict[str, Any]:
    held = yaml.safe_load(file.read_text("utf-8"))
    assert isinstance(held, dict)
    return held


def test_the_default_file_has_azures_keys_in_order(project: Path) -> None:
    RunConfiguration().save(str(project), "default")

    held = read(project / ".azureml" / "default")

    assert list(held) == KEYS
    assert (held["target"], held["framework"], held["communicator"], held["nodeCount"]) == (
        "local",
        "Python",
        "None",
        1,
    )
    assert held["history"] == {"outputCollection": True, "snapshotProject": True, "directoriesToWatch": ["logs"]}
    assert held["docker"] == {"useDocker": False, "sharedVolumes": True, "arguments": [], "shmSize": "2g"}
    assert held["pytorch"] == {"communicationBackend": "nccl", "processCount": None, "nodeCount": 1}
    assert held["environment"]["name"] == "default-environment"
    assert held["environment"]["python"]["condaDependenciesFile"] == ".azureml/conda_dependencies.yml"
    assert "azureml-defaults" in (project / ".azureml" / "conda_dependencies.yml").read_text("utf-8")


def sample() -> RunConfiguration:
    made = RunConfiguration(script="train.py", arguments=["--lr", 0.1], framework="python")
    made.target = "cpu-cluster"
    made.environment = Environment("mine")
    made.environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["numpy"])
    made.environment_variables = {"A": "b"}
    made.max_run_duration_seconds = 60
    made.history.directories_to_watch = ["logs", "more"]
    return made


def same(one: RunConfiguration, other: RunConfiguration) -> None:
    assert one.to_plain() == other.to_plain()


@pytest.mark.parametrize("separate", [False, True])
def test_save_and_load_a_project(project: Path, separate: bool) -> None:
    sample().save(str(project), "mine.runconfig", separate_environment_yaml=separate)

    assert isinstance(read(project / ".azureml" / "mine.runconfig")["environment"], str if separate else dict)
    same(RunConfiguration.load(str(project), "mine.runconfig"), sample())
    same(RunConfiguration.load(str(project), "mine"), sample())
    same(RunConfiguration.load(str(project / ".azureml" / "mine.runconfig")), sample())
    RunConfiguration.delete(str(project), "mine")
    with pytest.raises(UserErrorException, match="no run configuration mine"):
        RunConfiguration.load(str(project), "mine")


def test_save_and_load_a_file_of_its_own(tmp_path: Path) -> None:
    sample().save(str(tmp_path / "alone.yml"))
    same(RunConfiguration.load(str(tmp_path / "alone.yml")), sample())


def test_aml_config_is_used_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "aml_config").mkdir()
    sample().save(str(tmp_path), "mine")
    assert (tmp_path / "aml_config" / "conda_dependencies.yml").is_file()
    same(RunConfiguration.load(str(tmp_path), "mine"), sample())


def test_save_needs_a_name_and_a_folder(project: Path, tmp_path: Path) -> None:
    with pytest.raises(UserErrorException, match="under a name"):
        RunConfiguration().save(str(project))
    bare = tmp_path / "bare"
    bare.mkdir()
    with pytest.raises(FileNotFoundError, match="make it first"):
        RunConfiguration().save(str(bare), "name")


def test_a_file_of_a_script_author_need_not_be_complete(tmp_path: Path) -> None:
    file = tmp_path / "short.runconfig"
    file.write_text(
        "script: train.py\narguments:\ntarget: cluster\nautoPrepareEnvironment: true\n"
        "environment:\n  python:\n    userManagedDependencies: true\n",
        "utf-8",
    )
    made = RunConfiguration.load(str(file))
    assert (made.script, made.arguments, made.target) == ("train.py", [], "cluster")
    assert made.environment.python.user_managed_dependencies is True


@pytest.mark.parametrize(
    ("content", "error", "text"),
    [
        ("a: [", UserErrorException, "cannot be read"),
        ("just text", UserErrorException, "not an object"),
        ("sript: train.py", UserErrorException, "unknown keys: sript"),
        ("framework: Fortran", RunConfigurationException, "is not a framework"),
        ("communicator: Pigeon", RunConfigurationException, "is not a communicator"),
        ("jobName: old", RunConfigurationException, "no longer exists"),
        ("environment: gone.yml", UserErrorException, "cannot be read"),
    ],
)
def test_a_file_with_faults_names_them(tmp_path: Path, content: str, error: type[Exception], text: str) -> None:
    file = tmp_path / "wrong.runconfig"
    file.write_text(content, "utf-8")
    with pytest.raises(error, match=text):
        RunConfiguration.load(str(file))


def test_attributes_are_checked() -> None:
    made = RunConfiguration(framework="pytorch", communicator="nccl")
    assert (made.framework, made.communicator) == ("PyTorch", "Nccl")
    with pytest.raises(UserErrorException, match="is not a compute target"):
        made.target = 7
    with pytest.raises(AttributeError, match="has no attribute 'enviroment'"):
        made.enviroment = Environment("typo")
    with pytest.raises(UserErrorException, match="always True"):
        made.auto_prepare_environment = False
    assert made.auto_prepare_environment is True
    with pytest.raises(UserErrorException, match="JupyterLab"):
        ApplicationEndpointConfiguration(type="Notebook")
    with pytest.raises(UserErrorException, match="pass the name"):
        RunConfiguration.load(".")
