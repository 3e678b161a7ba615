"""Conda environments that were there before: real prefixes, made by py-rattler from a channel, read without conda."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.environments.builder import Builder, definition, run
from tests.environments.channel import VERSION, Channel
from zaffre.core.errors import EnvironmentBuildFailed
from zaffre.environments import conda_prefix
from zaffre.environments.channels import channels_of
from zaffre.environments.conda import Conda
from zaffre.environments.settings import Settings
from zaffre.environments.solver import find_uv
from zaffre.sdk.conda_dependencies import CondaDependencies
from zaffre.sdk.environment import Environment


@pytest.fixture
def envs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this machine's conda environments are."""
    for name in ("CONDA_PREFIX", "CONDA_DEFAULT_ENV", "CONDA_EXE", "MAMBA_EXE", "MAMBA_ROOT_PREFIX", "CONDA_ENVS_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "account"))
    monkeypatch.setenv("CONDA_ENVS_DIRS", str(tmp_path / "envs"))
    return tmp_path / "envs"


@pytest.fixture
def mine(envs: Path, channel: Channel, tmp_path: Path) -> Path:
    """The environment "mine": alpha, beta 2 and Python from the channel, six by pip, a variable."""
    conda = Conda(tmp_path / "fetched", lambda _: None)
    channels = channels_of([channel.url], Settings())
    prefix = envs / "mine"
    conda.install(conda.solve(["python", "alpha"], channels), prefix, channels)
    python = prefix / "bin" / "python"
    subprocess.run([find_uv(), "pip", "install", "-q", "--python", python, "six==1.16.0"], check=True)
    (prefix / "conda-meta" / "state").write_text(json.dumps({"env_vars": {"MODE": "mine"}}))
    return prefix


def conda_of(environment: Environment | None) -> CondaDependencies:
    assert environment is not None
    assert environment.python.conda_dependencies is not None
    return environment.python.conda_dependencies


def test_an_environment_is_made_of_one_that_is_there(mine: Path, channel: Channel, build: Builder) -> None:
    assert mine.is_dir()
    environment = Environment.from_existing_conda_environment("again", "mine")
    assert conda_of(environment).as_dict() == {
        "name": "mine",
        "channels": [channel.url],
        "dependencies": ["alpha=1.0", "beta=2.0", f"python={VERSION}", {"pip": ["six==1.16.0"]}],
        "variables": {"MODE": "mine"},
    }
    assert environment is not None
    realised = build(environment._definition())
    assert (
        run(realised, "import alpha, beta, six; print(alpha.VERSION, beta.VERSION, six.__version__)")
        == "1.0 2.0 1.16.0"
    )
    assert realised.variables["MODE"] == "mine"


def test_an_environment_is_found_where_conda_would_look(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONDA_ENVS_DIRS")
    assert conda_prefix.find("mine") is None
    assert conda_prefix.find(str(mine)) == mine
    monkeypatch.setenv("CONDA_PREFIX", str(mine))
    monkeypatch.setenv("CONDA_DEFAULT_ENV", "mine")
    assert conda_prefix.find("mine") == mine
    monkeypatch.delenv("CONDA_PREFIX")
    (tmp_path / "account" / ".conda").mkdir(parents=True)
    (tmp_path / "account" / ".conda" / "environments.txt").write_text(f"/gone/mine\n{mine}\n")
    assert conda_prefix.find("mine") == mine
    (tmp_path / "account" / ".conda" / "environments.txt").unlink()
    (tmp_path / "account" / "miniforge3" / "envs").mkdir(parents=True)
    (tmp_path / "account" / "miniforge3" / "envs" / "mine").symlink_to(mine)
    assert conda_prefix.find("mine") is not None
    (tmp_path / "account" / "miniforge3" / "conda-meta").mkdir()
    assert conda_prefix.find("base") == tmp_path / "account" / "miniforge3"


def test_one_that_is_not_there_is_none_with_a_message(envs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert envs
    assert Environment.from_existing_conda_environment("again", "gone") is None
    assert "There is no conda environment 'gone' on this machine." in capsys.readouterr().out


def test_a_list_that_is_damaged_is_named(mine: Path) -> None:
    next((mine / "conda-meta").glob("beta*.json")).write_text("{")
    with pytest.raises(EnvironmentBuildFailed, match=r"beta-2\.0-0\.json is not what conda writes"):
        Environment.from_existing_conda_environment("again", "mine")


def test_packages_come_on_top_of_an_environment_that_is_there(mine: Path, channel: Channel, build: Builder) -> None:
    environment = Environment("more")
    environment.python.base_conda_environment = "mine"
    channel.add_module("delta", "1.0")
    environment.python.conda_dependencies = CondaDependencies.create(
        conda_packages=["delta"], pip_packages=["tabulate==0.9.0"]
    )
    for name in ("anaconda", "conda-forge"):  # which nobody here can reach
        environment.python.conda_dependencies.remove_channel(name)
    realised = build(environment._definition())
    code = "import alpha, delta, six, tabulate; print(six.__version__, delta.VERSION)"
    assert run(realised, code) == "1.16.0 1.0"
    assert f"Builds on the conda environment {mine}: 3 packages." in build.log
    environment.python.conda_dependencies.add_conda_package("beta=1.0")
    with pytest.raises(EnvironmentBuildFailed, match="alpha"):  # which needs beta 2
        build(environment._definition())


def test_a_base_that_is_not_there_is_named(envs: Path, build: Builder) -> None:
    assert envs
    given = definition("six")
    given["python"]["baseCondaEnvironment"] = "gone"
    with pytest.raises(EnvironmentBuildFailed, match=r"builds on the conda environment 'gone' .* none of that name"):
        build(given)
