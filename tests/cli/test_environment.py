"""``zaffre environment``: registered, explained, built, downloaded, pruned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.server_process import ServerProcess


def spec(folder: Path, *packages: str) -> str:
    file = folder / "environment.yml"
    lines = "".join(f"      - {package}\n" for package in packages)
    file.write_text(f"dependencies:\n  - python>=3.10\n  - pip:\n{lines}", "utf-8")
    return str(file)


def test_an_environment_is_explained_before_and_after_it_is_built(cli: Cli, tmp_path: Path) -> None:
    name = f"explained-{tmp_path.name}"
    made = cli("environment", "create", name, "--conda", spec(tmp_path, "six==1.16.0"))
    before = cli("environment", "explain", name)
    built = cli("environment", "build", name)
    after = cli("environment", "explain", name)
    again = cli("environment", "build", name, "--output", "json")
    cli("environment", "create", name, "--conda", spec(tmp_path, "six==1.17.0"))
    changed = cli("environment", "explain", name, "--output", "json")
    rebuilt = cli("environment", "build", name)

    assert made.code == 0, made.err
    assert "Not resolved on this machine yet" in before.out
    assert "pip six==1.16.0" in before.out
    assert built.code == 0, built.err
    assert built.out.startswith(f"{name}: built in ")
    assert "six==1.16.0" in after.out
    assert "--hash" not in after.out
    assert "Built: the next use finds it." in after.out
    assert json.loads(again.out)["reused"] is True
    assert any("+ pip six==1.17.0, - pip six==1.16.0" in line for line in json.loads(changed.out)["differs"])
    assert "+ pip six==1.17.0" in rebuilt.err
    assert "six 1.16.0 -> 1.17.0" in rebuilt.err


def test_an_environment_is_downloaded_as_it_was_registered(cli: Cli, tmp_path: Path) -> None:
    cli("environment", "create", "fetched", "--conda", spec(tmp_path, "six==1.16.0"))
    folder = tmp_path / "here"
    assert cli("environment", "download", "fetched", "--target", str(folder)).code == 0
    assert "six==1.16.0" in (folder / "conda_dependencies.yml").read_text()
    assert cli("environment", "download", "fetched", "--target", str(folder)).code == 2
    assert cli("environment", "download", "fetched", "--target", str(folder), "--overwrite").code == 0
    assert cli("environment", "download", "azureml-MINIMAL", "--target", str(tmp_path / "curated")).code == 0


def test_pruning_shows_asks_and_removes(bare: Cli, cli: Cli, tmp_path: Path) -> None:
    name = f"pruned-{tmp_path.name}"
    cli("environment", "create", name, "--conda", spec(tmp_path, "tabulate==0.9.0"))
    assert cli("environment", "build", name).code == 0
    assert name in bare("environment", "prune", "--list-only").out
    assert bare("environment", "prune").out == ""  # used today
    asked = bare("environment", "prune", "--unused-days", "0")
    assert asked.code == 2
    assert "cannot be undone and no one is there to ask" in asked.err
    assert "come back" in asked.err
    assert any(name in line and "iB  environment" in line for line in asked.err.splitlines())
    assert name in bare("environment", "prune", "--unused-days", "0", "--yes").out
    assert "not built at the moment" in cli("environment", "explain", name).out


def test_the_servers_machine_is_pruned_from_elsewhere(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ServerProcess
) -> None:
    name = f"there-{tmp_path.name}"
    cli("environment", "create", name, "--conda", spec(tmp_path, "tabulate==0.8.10"))
    assert cli("environment", "build", name).code == 0  # into the server's own home
    monkeypatch.setenv("ZAFFRE_HOME", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("ZAFFRE_URL", server.url)
    monkeypatch.setenv("ZAFFRE_TOKEN", server.token)
    assert name not in cli("environment", "prune", "--list-only").out
    assert name in cli("environment", "prune", "--list-only", "--server").out
    asked = cli("environment", "prune", "--server", "--unused-days", "0")
    assert (asked.code, "of the server's machine" in asked.err) == (2, True)
    assert name not in cli("environment", "prune", "--server").out  # used today
    assert name in cli("environment", "prune", "--server", "--unused-days", "0", "--yes").out
    assert name not in cli("environment", "prune", "--list-only", "--server").out


def test_versions_and_labels_are_listed_and_named(cli: Cli, tmp_path: Path) -> None:
    cli("environment", "create", "train", "--conda", spec(tmp_path, "six==1.15.0"), "--label", "stable")
    changed = ("--conda", spec(tmp_path, "six==1.16.0"), "--variable", "LR=0.1", "--output", "json")
    made = json.loads(cli("environment", "create", "train", *changed).out)
    assert (made["version"], made["labels"]) == ("2", ["latest"])
    assert made["definition"]["environmentVariables"]["LR"] == "0.1"
    listed = json.loads(cli("environment", "list", "train", "--output", "json").out)
    assert [(one["version"], one["labels"]) for one in listed] == [("2", ["latest"]), ("1", ["stable"])]
    shown = cli("environment", "show", "train@stable")
    assert "six==1.15.0" in shown.out
    assert cli("environment", "show", "train@gone").code == 3
    assert cli("environment", "show", "train:1@stable").code == 2
    assert "pip six==1.15.0" in cli("environment", "explain", "train@stable").out


def test_curated_environments_are_listed_when_asked_for(cli: Cli) -> None:
    nothing = cli("environment", "list")
    assert nothing.out == ""
    assert "zaffre environment create" in nothing.err
    listed = cli("environment", "list", "--curated")
    line = next(line for line in listed.out.splitlines() if line.startswith("AzureML-Minimal"))
    assert "curated" in line
    assert "azureml-defaults" in cli("environment", "show", "AzureML-Minimal").out


def test_an_environment_begins_with_an_image_or_a_dockerfile(cli: Cli, tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM debian:12\n")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("six==1.16.0\n")
    from_image = cli("environment", "create", "a", "--image", "debian:12", "--output", "json")
    docker = json.loads(from_image.out)["definition"]
    assert docker["docker"]["baseImage"] == "debian:12"
    assert docker["python"]["userManagedDependencies"] is True
    from_file = cli(
        "environment", "create", "b", "--dockerfile", str(dockerfile), "--pip", str(requirements), "--output", "json"
    )
    definition = json.loads(from_file.out)["definition"]
    assert definition["docker"]["baseDockerfile"] == "FROM debian:12\n"
    assert definition["python"]["condaDependencies"]["dependencies"].count({"pip": ["six==1.16.0"]}) == 1
    both = cli("environment", "create", "c", "--image", "debian:12", "--dockerfile", str(dockerfile))
    assert both.code == 2
    assert "exclude each other" in both.err
    assert "Say what it holds" in cli("environment", "create", "c").err


def test_a_build_on_a_compute_target_is_followed_to_its_end(cli: Cli, tmp_path: Path) -> None:
    cli("compute", "create", "builder")
    cli("environment", "create", "there", "--conda", spec(tmp_path, "six==1.16.0"))
    built = cli("environment", "build", "there", "--target", "builder")
    assert built.code == 0, built.err
    assert "builds there:1 on builder" in built.out
    assert "environment" in built.out
    cli("environment", "create", "broken", "--conda", spec(tmp_path, "zaffre-has-no-such-package==1.0"))
    failed = cli("environment", "build", "broken", "--target", "builder")
    assert failed.code == 7
    assert "zaffre-has-no-such-package" in failed.err
