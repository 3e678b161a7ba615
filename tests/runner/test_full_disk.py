"""The server's disk is full: played by a limit on the size of the files that the server's process may write."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.runner.submission import Submission, submitted, until
from tests.server_process import ServerProcess
from zaffre.core.states import RunStatus

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")

SIZE = 24 * 1024 * 1024
CODE = f"""
import pathlib, time, os
pathlib.Path('outputs/big.bin').write_bytes(os.urandom({SIZE}))
pathlib.Path('outputs/small.txt').write_text('small')
print('written')
"""


@contextmanager
def full(server: ServerProcess) -> Iterator[None]:
    assert server.process is not None
    pid = server.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (SIZE // 2, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def warned(run: Submission) -> bool:
    return "[zaffre] WARNING: The server's disk is full" in run.log()


def test_what_does_not_fit_is_said_and_sent_once_there_is_room(own_server: ServerProcess) -> None:
    with full(own_server):
        run = submitted(own_server, "full", CODE)
        until(lambda: warned(run), "the warning")
        assert run.now().status is RunStatus.FINALIZING
        assert "outputs/big.bin" not in run.artifacts()
    run.finish(RunStatus.COMPLETED)
    assert run.artifacts()["outputs/big.bin"] == SIZE
    assert run.artifacts()["outputs/small.txt"] == 5


def test_a_run_whose_files_could_not_be_stored_does_not_look_complete(own_server: ServerProcess) -> None:
    with full(own_server):
        run = submitted(own_server, "full", CODE, variables={"ZAFFRE_RUNNER_PATIENCE": "2"})
        assert run.process.wait(90) == 1
        ended = run.now()
        assert ended.status is RunStatus.FAILED
        assert ended.error is not None
        assert "ended with exit code 0, but 1 file of the run could not be stored" in ended.error.message
        assert "the server's disk is full: outputs/big.bin" in ended.error.message
        assert str(run.folder) in ended.error.message
        assert run.artifacts()["outputs/small.txt"] == 5
        assert (run.folder / "outputs" / "big.bin").stat().st_size == SIZE
        assert warned(run)
