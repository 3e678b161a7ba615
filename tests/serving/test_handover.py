"""Connections that go from one serving process to the next: their callers see one server that never closes."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.serving.scoring_process import SECONDS, free_environment
from tests.waiting import until
from zaffre.core import handover

# run() waits while the file that the body names is not there, and says which process answered.
SCRIPT = """
    import json, os, time
    def init(): pass
    def run(data):
        name = json.loads(data)
        if name:
            open(name + ".begun", "w").close()
            while not os.path.exists(name): time.sleep(0.01)
        return os.environ["NAME"]
"""
ASYNC = """
    import asyncio, json, os
    def init(): pass
    async def run(data):
        name = json.loads(data)
        if name:
            open(name + ".begun", "w").close()
            while not os.path.exists(name): await asyncio.sleep(0.01)
        return os.environ["NAME"]
"""


GROWING = """
    import os
    def init():
        global held
        held = []
    def run(data):
        if len(held) < 300:
            held.append(b"." * 1_000_000)
        return os.environ["NAME"]
"""


class Served:
    """Serving processes on one port, as a supervisor has them."""

    def __init__(self, folder: Path, script: str = SCRIPT) -> None:
        self.folder = folder
        (folder / "score.py").write_text("\n".join(line[4:] for line in script.splitlines()))
        self._sock = socket.socket()
        self._sock.bind(("127.0.0.1", 0))
        self.port = int(self._sock.getsockname()[1])
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._lines: dict[str, socket.socket] = {}

    def start(self, name: str, *arguments: str) -> None:
        """A process that answers with its name; returns when it is ready."""
        line, theirs = socket.socketpair()
        fd, status = self._sock.fileno(), self.folder / f"{name}.json"
        own = ["--listen-fd", str(fd), "--watch-stdin", "--status-file", str(status), "--entry-script", "score.py"]
        with (self.folder / "log").open("ab") as log, theirs:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "zaffre.serving", *own, *arguments],
                cwd=self.folder,
                env=free_environment(NAME=name),
                stdin=theirs.fileno(),
                stdout=log,
                stderr=log,
                pass_fds=[fd],
            )
        self._lines[name] = line
        until(lambda: self._is_ready(name), f"the start of {name}", SECONDS)

    def replace(self, old: str, new: str) -> None:
        """Returns when the old one accepts nobody any more."""
        handover.join(self._lines[old], self._lines[new])
        until(lambda: self._stage(old) == "draining", f"the end of {old}", SECONDS)

    def ended(self, name: str) -> int:
        return self._processes[name].wait(SECONDS)

    def kill(self, name: str) -> None:
        self._processes[name].kill()

    def _is_ready(self, name: str) -> bool:
        assert self._processes[name].poll() is None, self.log()
        return self._stage(name) == "ready"

    def _stage(self, name: str) -> str:
        file = self.folder / f"{name}.json"
        return str(json.loads(file.read_text())["stage"]) if file.exists() else ""

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()
        for line in self._lines.values():
            line.close()
        for process in self._processes.values():
            process.wait(SECONDS)


class Caller:
    """One connection, opened once and never again."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        self._connection.connect()
        self._connection.auto_open = 0

    def ask(self, name: str = "") -> str:
        self._connection.request("POST", "/score", json.dumps(name))
        response = self._connection.getresponse()
        body = response.read()
        assert response.status == 200, body
        assert not response.will_close
        return str(json.loads(body))

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as served:
        yield served


def under_way(pool: ThreadPoolExecutor, caller: Caller, folder: Path) -> Future[str]:
    """The answer of a call that has begun, and ends when there is a file ``go`` in the folder."""
    answer = pool.submit(caller.ask, "go")
    until((folder / "go.begun").exists, "the call", SECONDS)
    return answer


def test_idle_connections_go_to_the_next_process(served: Served) -> None:
    served.start("first")
    callers = [Caller(served.port) for _ in range(8)]
    assert {caller.ask() for caller in callers} == {"first"}
    silent = Caller(served.port)
    served.start("second", "--workers", "2")
    served.replace("first", "second")
    assert served.ended("first") == 0
    served.start("third")
    assert {caller.ask() for caller in callers} == {"second"}
    served.replace("second", "third")
    assert served.ended("second") == 0
    assert {caller.ask() for caller in (*callers, silent)} == {"third"}
    for caller in (*callers, silent):
        caller.close()


@pytest.mark.parametrize("script", [SCRIPT, ASYNC], ids=["sync", "async"])
def test_a_call_that_goes_on_is_answered_and_who_waits_behind_it_is_not_kept(tmp_path: Path, script: str) -> None:
    with Served(tmp_path, script) as served, ThreadPoolExecutor(2) as pool:
        served.start("first")
        long, other = Caller(served.port), Caller(served.port)
        assert (long.ask(), other.ask()) == ("first", "first")
        answer = under_way(pool, long, tmp_path)
        behind = pool.submit(other.ask) if script is SCRIPT else None
        served.start("second")
        served.replace("first", "second")
        if behind is not None:
            assert behind.result(SECONDS) == "second"
        else:
            until(lambda: other.ask() == "second", "the other process", SECONDS)
        assert not answer.done()
        (tmp_path / "go").touch()
        assert answer.result(SECONDS) == "first"
        until(lambda: long.ask() == "second", "the other process", SECONDS)
        long.close()
        other.close()
        assert served.ended("first") == 0


def test_connections_pass_through_one_that_is_replaced_before_its_donor_ended(served: Served, tmp_path: Path) -> None:
    served.start("first")
    caller = Caller(served.port)
    with ThreadPoolExecutor(1) as pool:
        answer = under_way(pool, caller, tmp_path)
        served.start("second")
        served.replace("first", "second")
        served.start("third")
        served.replace("second", "third")
        (tmp_path / "go").touch()
        assert answer.result(SECONDS) == "first"
    until(lambda: caller.ask() == "third", "the last process", SECONDS)
    assert served.ended("second") == 0
    caller.close()


def test_a_request_in_part_is_read_to_its_end_by_who_began(served: Served) -> None:
    served.start("first")
    with socket.create_connection(("127.0.0.1", served.port), timeout=SECONDS) as half:
        half.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert half.recv(65536).startswith(b"HTTP/1.1 100")
        served.start("second")
        served.replace("first", "second")
        half.sendall(b'""')
        assert b'"first"' in half.recv(65536)

        def again() -> bytes:
            half.sendall(b'POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n""')
            return half.recv(65536)

        until(lambda: b'"second"' in again(), "the other process", SECONDS)


def test_nothing_is_kept_for_an_heir_that_is_gone(served: Served, tmp_path: Path) -> None:
    served.start("first")
    caller = Caller(served.port)
    with ThreadPoolExecutor(1) as pool:
        answer = under_way(pool, caller, tmp_path)
        served.start("second")
        served.replace("first", "second")
        served.kill("second")
        served.ended("second")
        (tmp_path / "go").touch()
        assert answer.result(SECONDS) == "first"
    assert served.ended("first") == 0
    caller.close()


@pytest.mark.parametrize("limit", [("--max-requests", "20"), ("--max-memory-mb", "200")], ids=["requests", "memory"])
def test_connections_stay_through_replaced_workers(tmp_path: Path, limit: tuple[str, str]) -> None:
    """Workers that give way after some calls, in one process: nobody's connection ends with one of them."""
    over = threading.Event()
    failed: list[str] = []

    def call(port: int, number: int) -> None:
        caller = Caller(port)
        try:
            while not over.wait(0.003 * number):
                caller.ask()
        except (OSError, http.client.HTTPException, AssertionError) as error:
            failed.append(repr(error))
        caller.close()

    with Served(tmp_path, GROWING) as served, ThreadPoolExecutor(8) as pool:
        served.start("first", "--workers", "2", *limit)
        calls = [pool.submit(call, served.port, number) for number in range(8)]
        until(lambda: served.log().count("imported in") >= 8 or failed, "the replacements", SECONDS)
        over.set()
        for one in calls:
            one.result(SECONDS)
    assert failed == []
