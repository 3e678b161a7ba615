"""The modules and names under ``azureml``: a list held equal to what is there, and what is said of the rest."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import azureml
import azureml.core
from tests.server_process import ServerProcess
from zaffre.core.errors import AzureMLException, Unsupported
from zaffre.sdk import unbuilt_names
from zaffre.sdk.azure_install import conflict

NAMES = {
    name: names.split()
    for name, _, names in (
        line.partition(": ") for line in (Path(__file__).parent / "names.txt").read_text("utf-8").splitlines()
    )
}


def ours() -> list[str]:
    root = str(Path(azureml.__file__).parent)
    return sorted(
        ["azureml", *(info.name for info in pkgutil.walk_packages([root], "azureml."))],
    )


def test_the_modules_are_those_of_the_list() -> None:
    assert ours() == sorted(NAMES)


@pytest.mark.parametrize("module", sorted(NAMES))
def test_a_module_has_exactly_these_names(module: str) -> None:
    held = importlib.import_module(module)
    assert sorted(getattr(held, "__all__", [])) == NAMES[module]
    for name in NAMES[module]:
        assert getattr(held, name) is not None


def test_the_front_page_gives_names_modules_and_versions() -> None:
    assert azureml.core.VERSION == azureml.core.__version__ == "1.61.0"
    assert azureml.core.Workspace is importlib.import_module("azureml.core.workspace").Workspace
    assert azureml.core.model.Model is azureml.core.Model
    assert {"Workspace", "model"} <= set(dir(azureml.core))
    with pytest.raises(AttributeError, match="has no attribute 'Werkspace'"):
        azureml.core.Werkspace  # noqa: B018 - asking is the test


@pytest.mark.parametrize(
    "statement",
    [
        "import azureml.train.automl",
        "from azureml.pipeline.core import Pipeline",
        "from azureml.core.compute.nowhere import X",
        "import azureml.datadrift",
    ],
)
def test_a_module_that_is_not_built_says_so(statement: str) -> None:
    with pytest.raises(ImportError, match=r"The module azureml\.[a-z.]+ of Azure's SDK is not built in Zaffre"):
        exec(statement, {})  # noqa: S102 - a fixed list of imports


@pytest.mark.parametrize(
    "name", [name for name, held in vars(unbuilt_names).items() if type(held).__name__ == "_Unbuilt"]
)
def test_a_name_that_is_not_built_is_refused_when_used(name: str) -> None:
    held = getattr(unbuilt_names, name)
    with pytest.raises(Unsupported, match=f"{name} is not built in Zaffre"):
        held()
    with pytest.raises(Unsupported, match=rf"{name}\.anything is not built"):
        held.anything  # noqa: B018 - asking is the test
    assert not hasattr(held, "__wrapped__")
    with pytest.raises(Unsupported, match="diagnostic_log"):
        azureml.core.diagnostic_log("a.log")


def test_other_packages_may_add_modules(tmp_path: Path) -> None:
    extra = tmp_path / "azureml" / "contrib" / "theirs"
    extra.mkdir(parents=True)
    for folder in (extra, extra.parent, extra.parent.parent):
        (folder / "__init__.py").write_text("__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n")
    (extra / "__init__.py").write_text("VALUE = 7\n")
    source = str(Path(azureml.__file__).parents[1])
    script = "import azureml.contrib.theirs as t, azureml.core; print(t.VALUE, azureml.core.VERSION)"
    command = [sys.executable, "-W", "error", "-c", f"import sys; sys.path[:0] = {[source, str(tmp_path)]!r}; {script}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["7", "1.61.0"]


def test_azures_own_sdk_in_the_same_environment_is_told_with_the_remedy(tmp_path: Path) -> None:
    assert conflict(azureml.__path__) is None
    theirs = tmp_path / "azureml"
    (theirs / "_base_sdk_common").mkdir(parents=True)
    (theirs / "__init__.py").write_text("")
    sentence = conflict([str(theirs)])
    assert sentence is not None
    assert str(theirs) in sentence
    assert "pip uninstall -y azureml-core" in sentence
    source = str(Path(azureml.__file__).parents[1])
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {[source, str(tmp_path)]!r}; import azureml.core"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "azureml-core lies beside Zaffre" in done.stderr


def test_exceptions_are_those_that_the_server_raises(server: ServerProcess, workspace_name: str) -> None:
    from_azure = importlib.import_module("azureml.exceptions")
    assert server.url
    with pytest.raises(from_azure.WorkspaceException):
        azureml.core.Workspace.get(workspace_name)
    assert all(issubclass(getattr(from_azure, name), AzureMLException) for name in from_azure.__all__)
    assert str(from_azure.AzureMLAggregatedException([ValueError("a"), ValueError("b")])).count("a; b") >= 1


def test_telemetry_has_nothing_to_switch() -> None:
    telemetry = importlib.import_module("azureml.telemetry")
    assert telemetry.set_diagnostics_collection(send_diagnostics=True) is None
