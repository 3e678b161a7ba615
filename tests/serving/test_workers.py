"""Several workers behind one port: crashes, replacement, and requests that must not be lost meanwhile."""

from __future__ import annotations

import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.serving.scoring_process import ECHO, SECONDS, ScoringProcess
from tests.waiting import until

# run() carries out the Python statement in the body, or answers with the process's id.
DOES = """
    import ctypes, os, signal, sys, time
    def init(): pass
    def run(data):
        if data:
            exec(data)
        return os.getpid()
"""
ENDS = {
    "a crash in native code": ("ctypes.string_at(0)", "SIGSEGV"),
    "os.abort": ("os.abort()", "SIGABRT"),
    "os.kill": ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    "os._exit": ("os._exit(7)", "exit code 7"),
}


def pid(service: ScoringProcess, **more: str) -> int:
    return int(service.http.post("/score", content=b"", headers=more).json())


@pytest.mark.parametrize("end", ENDS)
def test_a_worker_that_ends_in_run_loses_its_own_request_alone(tmp_path: Path, end: str) -> None:
    statement, words = ENDS[end]
    with ScoringProcess(tmp_path, DOES) as service, ThreadPoolExecutor(8) as pool:
        first = pid(service)
        clients = [httpx.Client(base_url=service.http.base_url, timeout=SECONDS) for _ in range(8)]
        for client in clients:
            assert client.post("/score", content=b"").status_code == 200
        lost = pool.submit(
            clients[0].post, "/score", content=f"time.sleep(1); {statement}".encode(), headers={"x-request-id": "mine"}
        )
        time.sleep(0.2)
        others = [pool.submit(client.post, "/score", content=b"") for client in clients[1:]]
        answer = lost.result()
        assert answer.status_code == 502
        assert answer.json()["request_id"] == answer.headers["x-request-id"] == "mine"
        assert answer.headers["x-ms-run-function-failed"] == "True"
        assert words in answer.json()["message"]
        later = [other.result() for other in others]
        assert [one.status_code for one in later] == [200] * 7
        assert first not in {one.json() for one in later}
        for client in clients:
            client.close()
    assert words in service.log()


def test_a_request_that_was_read_in_part_is_told_that_it_is_lost(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, DOES) as service:
        address = (service.http.base_url.host, service.http.base_url.port or 0)
        with socket.create_connection(address, timeout=SECONDS) as half:
            half.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\npart")
            time.sleep(0.2)
            assert service.http.post("/score", content=b"os._exit(1)").status_code == 502
            told = half.recv(65536)
        assert told.startswith(b"HTTP/1.1 502")
        assert b"while it read this request" in told


def test_several_workers_run_side_by_side(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, DOES, "--workers", "3") as service, ThreadPoolExecutor(3) as pool:

        def slow(_: int) -> int:
            return int(httpx.post(f"{service.http.base_url}/score", content="time.sleep(0.5)", timeout=SECONDS).json())

        until(lambda: len(set(pool.map(slow, range(3)))) == 3, "the use of three workers", SECONDS)


def test_the_environment_names_the_number_of_workers(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, DOES, WORKER_COUNT="2") as service:
        until(lambda: service.log().count("imported in") == 2, "the start of the second worker", SECONDS)
        until(lambda: b"zaffre_workers 2" in service.http.get("/metrics").content, "two workers to answer", SECONDS)


def test_workers_are_replaced_after_so_many_requests_and_none_is_lost(tmp_path: Path) -> None:
    arguments = ("--max-requests", "50", "--workers", "2")
    with ScoringProcess(tmp_path, DOES, *arguments) as service, ThreadPoolExecutor(4) as pool:

        def calls(_: int) -> list[int]:
            with httpx.Client(base_url=service.http.base_url, timeout=SECONDS) as client:
                answers = [client.post("/score", content=b"") for _ in range(150)]
            assert {answer.status_code for answer in answers} == {200}
            return [answer.json() for answer in answers]

        pids = {one for found in pool.map(calls, range(4)) for one in found}
        assert len(pids) > 3


def test_a_worker_over_the_memory_limit_is_replaced(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, DOES, "--max-memory-mb", "200") as service:
        first = pid(service)
        assert pid(service) == first
        grow = b"globals()['held'] = bytearray(os.urandom(1)) * 300_000_000"
        assert service.http.post("/score", content=grow).json() == first
        until(lambda: pid(service) != first, "another worker", SECONDS)
        assert "over the memory limit" in service.log()


def test_a_changed_script_is_served_and_a_broken_one_is_not(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, ECHO, "--reload") as service:
        assert service.score([1]).json() == [1]
        script = tmp_path / "score.py"
        script.write_text("def init(): pass\ndef run(data): return 'new'\n")
        until(lambda: service.score([1]).json() == "new", "the new script", SECONDS)
        script.write_text("def init(): raise ValueError('broken')\ndef run(data): return 'broken'\n")
        service.wait_for_log("ValueError: broken")
        assert service.score([1]).json() == "new"
        script.write_text("def init(): pass\ndef run(data): return 'mended'\n")
        until(lambda: service.score([1]).json() == "mended", "the mended script", SECONDS)


def test_a_script_that_is_mended_while_the_broken_one_starts_is_served(tmp_path: Path) -> None:
    # Written within a second and of the same size: for Python's bytecode they are the same source.
    waiting = """
import os, time
def init():
    open("in_{word}", "w").close()
    while not os.path.exists("go_{word}"): time.sleep(0.01)
    if "{word}" == "broken": raise ValueError("broken")
def run(data): return "{word}"
"""
    with ScoringProcess(tmp_path, ECHO, "--reload", PYTHONDONTWRITEBYTECODE="") as service:
        for word in ("broken", "mended"):
            (tmp_path / "score.py").write_text(waiting.format(word=word))
            os.utime(tmp_path / "score.py", ns=(1, 10**18 + (word == "mended")))
            service.wait_for_file(f"in_{word}")
        (tmp_path / "go_broken").touch()
        service.wait_for_log("ended with exit code 3")
        assert service.score([1]).json() == [1]
        (tmp_path / "go_mended").touch()
        until(lambda: service.score([1]).json() == "mended", "the mended script", SECONDS)


def test_a_call_that_never_gives_python_back_is_ended(tmp_path: Path) -> None:
    holds = "import re; re.match(r'(a+)+$', 'a' * 60 + 'b')"
    with ScoringProcess(tmp_path, DOES, SCORING_TIMEOUT_MS="500") as service:
        first = pid(service)
        answer = service.http.post("/score", content=holds)
        assert answer.status_code in (500, 502)
        assert answer.headers["x-ms-run-function-failed"] == "True"
        assert pid(service) != first
    assert "does not end" in service.log()


def test_a_worker_that_is_killed_while_idle_is_missed_by_nobody(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, DOES) as service:
        first = pid(service)
        time.sleep(0.5)  # it has put the answer behind it
        os.kill(first, signal.SIGKILL)
        assert pid(service) != first


def test_workers_end_with_their_front(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, DOES) as service:
        worker = pid(service)
        service.process.kill()
        service.process.wait(SECONDS)

        def is_gone() -> bool:
            try:
                os.kill(worker, 0)
            except ProcessLookupError:
                return True
            return Path(f"/proc/{worker}/stat").read_text().split()[2] == "Z"

        until(is_gone, "the end of the worker", SECONDS)


def test_a_script_that_stops_to_load_ends_the_service_after_some_attempts(tmp_path: Path) -> None:
    script = """
        import os
        def init():
            if os.path.exists("no-more"): raise FileNotFoundError("model.pkl")
        def run(data): os._exit(1)
    """
    with ScoringProcess(tmp_path, script) as service:
        (tmp_path / "no-more").touch()
        assert service.score(1).status_code == 502
        assert service.process.wait(SECONDS) == 3
        assert "model.pkl" in service.status()["error"]["message"]
