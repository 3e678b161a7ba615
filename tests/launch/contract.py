"""What every backend must do: its test module derives a ``Test...`` class and gives it a ``backend`` fixture."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests import waiting
from zaffre.core.errors import ExperimentExecutionException
from zaffre.launch import processes
from zaffre.launch.backend import Backend
from zaffre.launch.workload import Handle, Status, Workload

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
until = partial(waiting.until, patience=PATIENCE)


def python(tmp_path: Path, code: str, **env: str) -> Workload:
    """A workload that runs Python code; its output goes to ``tmp_path/log.txt``."""
    return Workload(
        argv=(sys.executable, "-c", code),
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **env},
        log_path=tmp_path / "log.txt",
        name="test-workload",
    )


def ended(backend: Backend, handle: Handle) -> Status:
    until(lambda: not backend.poll(handle).running, "the end of the workload")
    return backend.poll(handle)


# A process, its child, and a grandchild that left the session and outlives its parent: each beats by touching a file.
FAMILY = """
import subprocess, sys, time
beat = '''
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    pathlib.Path(sys.argv[1]).write_text(str(time.time()))
    time.sleep(0.02)
'''
go = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1], 'orphan'], start_new_session=True)"
subprocess.Popen([sys.executable, "-c", beat, "child"])
subprocess.Popen([sys.executable, "-c", go, beat])
time.sleep(600)
"""


def _guards(process: processes.Process) -> bool:
    try:
        return b"zaffre.launch.guardian" in Path(f"/proc/{process.pid}/cmdline").read_bytes()
    except OSError:
        return False


def is_beating(file: Path) -> bool:
    before = file.read_text()
    time.sleep(0.5)
    return file.read_text() != before


class BackendContract:
    def test_output_and_exit_code_of_a_workload_that_ends(self, backend: Backend, tmp_path: Path) -> None:
        code = (
            "import os, sys; print('out', os.environ['GIVEN'], os.getcwd()); print('err', file=sys.stderr); sys.exit(7)"
        )
        handle = backend.start(python(tmp_path, code, GIVEN="value"))
        assert ended(backend, handle) == Status(running=False, exit_code=7)
        text = (tmp_path / "log.txt").read_text()
        assert f"out value {tmp_path}" in text
        assert "err" in text

    def test_the_environment_is_only_what_was_given(
        self, backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LEAKED", "secret")
        ended(backend, backend.start(python(tmp_path, "import os; print(dict(os.environ))")))
        assert "secret" not in (tmp_path / "log.txt").read_text()

    def test_start_returns_at_once_and_poll_says_running(self, backend: Backend, tmp_path: Path) -> None:
        begun = time.monotonic()
        handle = backend.start(python(tmp_path, "import time; time.sleep(600)"))
        assert time.monotonic() - begun < 5
        assert backend.poll(handle) == Status(running=True)
        backend.stop(handle, 5)

    def test_a_program_that_does_not_exist_is_an_error_that_names_it(self, backend: Backend, tmp_path: Path) -> None:
        workload = Workload(("/nowhere/program",), tmp_path, {}, tmp_path / "log.txt", "lost-run")
        with pytest.raises(ExperimentExecutionException, match="lost-run cannot be started with '/nowhere/program'"):
            backend.start(workload)

    def test_the_log_is_appended_to(self, backend: Backend, tmp_path: Path) -> None:
        (tmp_path / "log.txt").write_text("before\n")
        ended(backend, backend.start(python(tmp_path, "print('after')")))
        assert (tmp_path / "log.txt").read_text() == "before\nafter\n"

    def test_stop_lets_a_workload_end_by_itself_within_the_grace(self, backend: Backend, tmp_path: Path) -> None:
        code = (
            "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: (print('bye'), sys.exit(0)));"
            "print('ready', flush=True); time.sleep(600)"
        )
        handle = backend.start(python(tmp_path, code))
        until(lambda: "ready" in (tmp_path / "log.txt").read_text(), "the start")
        backend.stop(handle, 20)
        assert not backend.poll(handle).running
        assert "bye" in (tmp_path / "log.txt").read_text()

    def test_stop_ends_the_whole_tree_even_what_left_it(self, backend: Backend, tmp_path: Path) -> None:
        handle = backend.start(python(tmp_path, FAMILY))
        files = [tmp_path / "child", tmp_path / "orphan"]
        until(lambda: all(file.exists() and file.read_text() for file in files), "the family's first beat")
        backend.stop(handle, 0.3)
        assert not backend.poll(handle).running
        assert not any(is_beating(file) for file in files)

    def test_stop_reaches_what_a_dead_workload_left_behind(self, backend: Backend, tmp_path: Path) -> None:
        handle = backend.start(python(tmp_path, FAMILY.replace("time.sleep(600)", "time.sleep(0)")))
        files = [tmp_path / "child", tmp_path / "orphan"]
        until(lambda: all(file.exists() and file.read_text() for file in files), "the family's first beat")
        ended(backend, handle)
        backend.stop(handle, 0)
        assert not any(is_beating(file) for file in files)

    def test_a_workload_started_from_within_goes_on_if_asked(self, backend: Backend, tmp_path: Path) -> None:
        module, name = type(backend).__module__, type(backend).__name__
        start = f"{name}().start(Workload((sys.executable, '-c', beat), Path.cwd(), os.environ, Path('log'), 'inner'))"
        inner = (
            f"import sys, os, time; from pathlib import Path; from {module} import {name};"
            "from zaffre.launch.workload import Workload;"
            "beat = \"import time, pathlib\\nwhile True: pathlib.Path('inner').write_text(str(time.time()));"
            f' time.sleep(0.02)"; {start}; time.sleep(600)'
        )
        handle = backend.start(python(tmp_path, inner))
        beating = tmp_path / "inner"
        until(lambda: beating.exists() and bool(beating.read_text()), "the inner workload's first beat")
        backend.stop(handle, 0, nested=False)
        assert not backend.poll(handle).running
        last = beating.read_text()
        until(lambda: beating.read_text() not in ("", last), "the inner workload's next beat")
        backend.stop(handle, 0)
        assert not is_beating(beating)

    def test_a_tied_workload_ends_with_its_starter_even_if_that_is_killed(
        self, backend: Backend, tmp_path: Path
    ) -> None:
        module, name = type(backend).__module__, type(backend).__name__
        code = (
            f"import os, sys, time; from pathlib import Path; from {module} import {name};"
            "from zaffre.launch.workload import Workload; here = Path.cwd();"
            f"{name}().start(Workload((sys.executable, '-c', sys.argv[1]), here, {{'PATH': os.environ['PATH']}},"
            " here / 'log.txt', 'tied', tied=True)); time.sleep(600)"
        )
        path = os.pathsep.join(map(str, (ROOT, ROOT / "src")))
        starter = subprocess.Popen(
            [sys.executable, "-c", code, FAMILY], cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}
        )
        files = [tmp_path / "child", tmp_path / "orphan"]
        try:
            until(lambda: all(file.exists() and file.read_text() for file in files), "the family's first beat")
        finally:
            starter.kill()
            starter.wait()
        until(lambda: not any(is_beating(file) for file in files), "the end of the family")

    def test_nobody_stays_beside_a_tied_workload_that_has_ended_or_never_began(
        self, backend: Backend, tmp_path: Path
    ) -> None:
        backend.stop(backend.start(replace(python(tmp_path, "import time; time.sleep(600)"), tied=True)), 0)
        lost = Workload(("/nowhere/program",), tmp_path, {}, tmp_path / "log.txt", "lost-run", tied=True)
        with pytest.raises(ExperimentExecutionException, match="lost-run"):
            backend.start(lost)
        assert [process for process in processes.everyone() if process.parent == os.getpid() and _guards(process)] == []

    def test_stop_is_idempotent(self, backend: Backend, tmp_path: Path) -> None:
        handle = backend.start(python(tmp_path, "import time; time.sleep(600)"))
        backend.stop(handle, 5)
        backend.stop(handle, 5)
        assert not backend.poll(handle).running

    def test_a_handle_travels_as_json_to_another_backend(self, backend: Backend, tmp_path: Path) -> None:
        handle = backend.start(python(tmp_path, "import time; time.sleep(600)"))
        again = Handle.from_plain(json.loads(json.dumps(handle.to_plain())))
        assert again == handle
        other = type(backend)()
        assert other.poll(again).running
        other.stop(again, 5)
        assert not backend.poll(handle).running

    def test_the_handle_of_another_start_is_not_running(self, backend: Backend, tmp_path: Path) -> None:
        """A number that is used again must not be taken for the workload, nor be stopped."""
        handle = backend.start(python(tmp_path, "import time; time.sleep(600)"))
        stale = Handle(handle.name, handle.pid, "another time", "another-mark")
        other = type(backend)()
        assert not other.poll(stale).running
        other.stop(stale, 1)
        assert backend.poll(handle).running
        backend.stop(handle, 5)
