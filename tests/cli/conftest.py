"""The command line as a test speaks to it: one call, one answer."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.server_process import ServerProcess
from zaffre.cli.main import run


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


Cli = Callable[..., Answer]


@pytest.fixture
def bare(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Carry out a command line in this process; ``answer`` is what stands on stdin, which is no terminal."""

    def call(*arguments: str, answer: str = "") -> Answer:
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        code = run(arguments)
        captured = capsys.readouterr()
        return Answer(int(code), captured.out, captured.err)

    return call


@pytest.fixture
def cli(bare: Cli, server: ServerProcess, workspace_name: str) -> Cli:  # noqa: ARG001 - the server must run
    """The command line against the session's server, in a workspace of this test alone."""
    made = bare("workspace", "create", workspace_name)
    assert made.code == 0, made.err

    def call(*arguments: str, answer: str = "") -> Answer:
        options = arguments.index("--") if "--" in arguments else len(arguments)
        return bare(*arguments[:options], "--workspace", workspace_name, *arguments[options:], answer=answer)

    return call
