"""Every error is a sentence on stderr and a code from the table, without a stack trace."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from zaffre.cli.exits import MEANINGS, Exit, exit_code
from zaffre.core import errors


def test_every_code_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Exit)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.NotFound("x"), 3),
        (errors.WorkspaceNotFound("x"), 3),
        (errors.WebserviceNotFound("x"), 3),
        (errors.ServerUnavailable("x"), 4),
        (errors.AlreadyExists("x"), 5),
        (errors.StateConflict("x"), 5),
        (errors.PortTaken("x"), 5),
        (errors.AuthenticationException("x"), 6),
        (errors.PermissionDenied("x"), 6),
        (errors.ActivityFailedException("x"), 7),
        (errors.DeploymentFailed("x"), 7),
        (errors.EnvironmentBuildFailed("x"), 7),
        (errors.InvalidValue("x"), 1),
        (errors.StorageFull("x"), 1),
    ],
)
def test_an_error_has_its_code(error: errors.AzureMLException, code: int) -> None:
    assert exit_code(error) == code


def test_an_unknown_command_names_the_nearest(bare: Cli) -> None:
    answer = bare("run", "lst")

    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith('zaffre: Unknown command "lst". Did you mean "list"?')


def test_a_missing_argument_is_named(bare: Cli) -> None:
    answer = bare("run", "show")

    assert (answer.code, answer.out) == (2, "")
    assert "RUN_ID" in answer.err
    assert answer.err.endswith(" See `zaffre run show --help`.\n")


def test_an_unknown_output_is_refused_with_the_choices(bare: Cli) -> None:
    answer = bare("workspace", "list", "--output", "xml")

    assert (answer.code, answer.out) == (2, "")
    assert '"table", "json"' in answer.err


def test_without_a_server_the_remedy_is_named(bare: Cli, home: Path) -> None:
    assert bare("status") == bare("run", "list")
    answer = bare("status")

    assert answer.code == 4
    assert answer.out == ""
    assert answer.err == (
        f"zaffre: No Zaffre server runs for {home}: start one with `zaffre up`, or set ZAFFRE_URL and ZAFFRE_TOKEN to "
        "use one elsewhere.\n"
    )
    assert not home.exists()


def test_a_wrong_token_has_no_access(bare: Cli, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    url = cli("status", "--output", "json").out
    assert '"url"' in url
    monkeypatch.setenv("ZAFFRE_URL", url.split('"url": "')[1].split('"')[0])
    monkeypatch.setenv("ZAFFRE_TOKEN", "not-a-token")

    answer = bare("workspace", "list")

    assert answer.code == 6
    assert answer.err.startswith("zaffre: The token is not one of this server's")
    assert "not-a-token" not in answer.err


@pytest.mark.parametrize("noun", ["workspace", "experiment", "run", "model", "environment", "compute", "service"])
def test_what_is_not_there_is_named(cli: Cli, noun: str) -> None:
    answer = cli(noun, "show", "nowhere-1")

    assert (answer.code, answer.out) == (3, "")
    assert "nowhere-1" in answer.err
    assert "Traceback" not in answer.err


def test_a_reader_that_leaves_early_is_no_error(bare: Cli) -> None:
    # A pipe whose reader has gone: the write fails with EPIPE, as under `zaffre --help | head -1`.
    reader, writer = os.pipe()
    os.close(reader)
    saved = os.dup(1)
    os.dup2(writer, 1)
    try:
        assert bare("--version").code == 0
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(writer)
