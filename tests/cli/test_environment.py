"""``zaffre environment``: registered, explained, built, downloaded, pruned."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Cli


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
    assert name in bare("environment", "prune", "--unused-days", "0", "--yes").out
    assert "not built at the moment" in cli("environment", "explain", name).out
