"""``zaffre workspace``, ``init`` and how the workspace of a command is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.server_process import ServerProcess


def test_a_workspace_is_made_shown_and_deleted(bare: Cli, server: ServerProcess, workspace_name: str) -> None:  # noqa: ARG001
    made = bare("workspace", "create", workspace_name, "--description", "for a test", "--tag", "a=1", "--tag", "b")
    listed = bare("workspace", "list")
    shown = bare("workspace", "show", workspace_name, "--output", "json")
    again = bare("workspace", "create", workspace_name)
    deleted = bare("workspace", "delete", workspace_name, "--yes")
    gone = bare("workspace", "show", workspace_name)

    assert made.code == 0, made.err
    assert [line.split()[0] for line in made.out.splitlines()] == [
        "name", "id", "subscription", "resource", "location", "description", "tags", "default", "created",
    ]  # fmt: skip
    assert listed.out.splitlines()[0].split() == ["NAME", "RESOURCE", "GROUP", "CREATED"]
    assert any(line.split()[:2] == [workspace_name, "local"] for line in listed.out.splitlines())
    assert {"name": workspace_name, "description": "for a test", "tags": {"a": "1", "b": ""}}.items() <= json.loads(
        shown.out
    ).items()
    assert again.code == 5
    assert deleted.out == f"Deleted the workspace {workspace_name}.\n"
    assert gone.code == 3


def test_deleting_asks_first(cli: Cli, workspace_name: str) -> None:
    answer = cli("workspace", "delete", workspace_name)

    assert answer.code == 2
    assert answer.err == (
        f"zaffre: Deleting the workspace {workspace_name} with all its runs, models and files cannot be undone and no "
        "one is there to ask: add --yes.\n"
    )
    assert cli("workspace", "show").code == 0


def test_a_bad_name_is_refused_with_the_rule(bare: Cli, server: ServerProcess) -> None:  # noqa: ARG001
    answer = bare("workspace", "create", "a b")

    assert answer.code == 1
    assert answer.err.startswith("zaffre: 'a b' is not a workspace name: use 3 to 33 letters")


def test_init_names_the_workspace_of_a_project(
    bare: Cli, cli: Cli, workspace_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    written = bare("init", workspace_name)
    again = bare("init", workspace_name)
    shown = bare("workspace", "show", "--output", "json")

    assert written.out == f"Wrote {tmp_path}/.azureml/config.json: this project uses the workspace {workspace_name}.\n"
    assert (again.code, again.out) == (5, "")
    assert json.loads(shown.out)["name"] == workspace_name
    assert cli("workspace", "show", "--output", "json").out == shown.out


def test_the_environment_names_a_workspace(
    cli: Cli, bare: Cli, workspace_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZAFFRE_WORKSPACE", workspace_name)

    assert bare("workspace", "show").out == cli("workspace", "show").out
