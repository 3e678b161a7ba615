"""``zaffre service data``: what a service has collected, and files of it."""

from __future__ import annotations

import json
from array import array
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from zaffre.core.collection import TIMESTAMP
from zaffre.core.parquet import columns, writer
from zaffre.core.parquet.columns import Kind
from zaffre.sdk.workspace import Workspace

NOON = 1_795_262_400_000_000  # 2026-11-21T12:00Z


@pytest.fixture
def collected(cli: Cli, workspace_name: str) -> Cli:
    """A service that is gone, and has left a file of two rows."""
    workspace = Workspace.get(workspace_name)
    at = columns.of_numbers(TIMESTAMP, Kind.TIME, array("q", [NOON, NOON + 1_000_000]))
    data = writer.table([at, columns.of_values("a", [1, 2])])
    account = f"{workspace.subscription_id}/{workspace.resource_group}/{workspace_name}"
    path = f"modeldata/{account}/digits/tree/1/inputs/2026/11/21/inputs-120000-00000001-2.parquet"
    scope = workspace._scope
    scope.client.upload(scope.path("datastores", "workspaceblobstore", "files", file=path), data)
    return cli


def test_the_files_are_listed(collected: Cli) -> None:
    shown = collected("service", "data", "digits")
    assert shown.code == 0, shown.err
    assert "tree:1" in shown.out
    (file,) = json.loads(collected("service", "data", "digits", "--since", "1d", "--output", "json").out)
    assert (file["rows"], file["designation"]) == (2, "inputs")
    assert "no such data of the service digits" in collected("service", "data", "digits", "--designation", "labels").err


def test_the_rows_are_written_to_a_file(collected: Cli, tmp_path: Path) -> None:
    wrote = collected("service", "data", "digits", "--to", str(tmp_path / "rows.csv"))
    assert wrote.out == f"Wrote 2 rows to {tmp_path / 'rows.csv'}.\n"
    assert (tmp_path / "rows.csv").read_text().splitlines()[1] == "2026-11-21T12:00:00+00:00,1"
    some = ("--to", str(tmp_path / "rows.parquet"), "--since", "2026-11-21T12:00:01", "--output", "json")
    assert json.loads(collected("service", "data", "digits", *some).out)["rows"] == 1


def test_what_cannot_be_is_told(collected: Cli, tmp_path: Path) -> None:
    wrong = collected("service", "data", "digits", "--to", str(tmp_path / "rows.txt"))
    assert (wrong.code, "must end with .csv or .parquet" in wrong.err) == (2, True)
    when = collected("service", "data", "digits", "--since", "soon")
    assert (when.code != 0, "'soon' is no time" in when.err) == (True, True)
    gone = collected("service", "data", "nobody")
    assert (gone.code != 0, "no service nobody" in gone.err) == (True, True)
