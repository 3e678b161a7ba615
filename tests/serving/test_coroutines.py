"""Calls of an ``async def run()`` that overlap in one worker."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.serving.scoring_process import SECONDS, ScoringProcess
from tests.waiting import until

# What the body names. A call leaves a file when it begins, and "wait" goes on when the file "go" is there: whoever is
# answered before overlapped with it.
SCRIPT = """
    import asyncio, os, sys, threading, time
    def init(): pass
    async def waits():
        while not os.path.exists("go"): await asyncio.sleep(0.01)
    async def named(name): return name
    async def blocks():
        time.sleep(600)
    async def leaves():
        sys.exit(1)
    async def pieces():
        yield "first"
        await waits()
        yield "last"
    async def run(data):
        open(f"began-{time.monotonic_ns()}", "w").close()
        if data == "wait": await waits()
        if data == "both": return await asyncio.gather(named("a"), asyncio.create_task(named("b")))
        if data == "stream": return pieces()
        if data == "for ever": await asyncio.sleep(600)
        if data == "block": time.sleep(600)
        if data == "block in a task": await asyncio.gather(blocks())
        if data == "exit": sys.exit(1)
        if data == "exit in a task": await asyncio.gather(leaves())
        if data == "cancel": raise asyncio.CancelledError
        if data == "crash": os._exit(3)
        return [data, threading.current_thread() is threading.main_thread()]
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ScoringProcess]:
    with ScoringProcess(tmp_path, SCRIPT) as running:
        yield running


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[ScoringProcess]:
    with ScoringProcess(tmp_path, SCRIPT, "--timeout-ms", "4000") as running:
        yield running


def begun(service: ScoringProcess, calls: int) -> None:
    until(lambda: len(list(service.folder.glob("began-*"))) >= calls, f"the beginning of {calls} calls", SECONDS)


def post(service: ScoringProcess, content: str) -> httpx.Response:
    return httpx.post(f"{service.http.base_url}/score", content=content, timeout=SECONDS)


def test_calls_that_await_overlap_on_the_main_thread(service: ScoringProcess) -> None:
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(post, service, "wait") for _ in range(20)]
        begun(service, 20)
        assert post(service, "plain").json() == ["plain", True]
        assert service.http.get("/").text == "Healthy"
        assert not any(one.done() for one in waiting)
        (service.folder / "go").touch()
        assert [one.result().json() for one in waiting] == [["wait", True]] * 20
    assert post(service, "both").json() == ["a", "b"]


def test_a_stream_does_not_keep_the_worker(service: ScoringProcess) -> None:
    with service.http.stream("POST", "/score", content="stream") as reply:
        parts = reply.iter_text()
        assert next(parts) == "first"
        assert post(service, "plain").status_code == 200
        (service.folder / "go").touch()
        assert "".join(parts) == "last"
    assert post(service, "stream").text == "firstlast"


def test_a_call_that_awaits_too_long_is_told_and_cancelled_and_others_are_not(hasty: ScoringProcess) -> None:
    with ThreadPoolExecutor(2) as pool:
        late = pool.submit(post, hasty, "for ever")
        begun(hasty, 1)
        assert post(hasty, "plain").status_code == 200
        answer = late.result()
    assert (answer.status_code, answer.json()["message"]) == (500, "Scoring timeout after 4000 ms")
    assert "CancelledError" in hasty.wait_for_log("took longer than 4000 ms")
    assert post(hasty, "plain").status_code == 200


@pytest.mark.parametrize("what", ["block", "block in a task"])
def test_one_that_does_not_await_is_looked_after_and_ended(hasty: ScoringProcess, what: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        late = pool.submit(post, hasty, what)
        begun(hasty, 1)
        assert hasty.http.get("/").text == "Healthy"
        assert not late.done()
        answer = late.result()
    assert (answer.status_code, answer.json()["message"]) == (500, "Scoring timeout after 4000 ms")
    assert post(hasty, "plain").status_code == 200


@pytest.mark.parametrize("what", ["exit", "exit in a task", "cancel"])
def test_what_ends_other_programs_is_an_error_of_its_own_call(service: ScoringProcess, what: str) -> None:
    answer = post(service, what)
    assert (answer.status_code, answer.headers["x-ms-run-function-failed"]) == (500, "True")
    assert post(service, "plain").status_code == 200


def test_a_crash_is_told_to_all_whose_calls_were_running(service: ScoringProcess) -> None:
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(post, service, "wait") for _ in range(3)]
        begun(service, 3)
        assert post(service, "crash").status_code == 502
        assert {one.result().status_code for one in waiting} == {502}
    assert post(service, "plain").status_code == 200


def test_a_stopped_service_finishes_what_awaits(service: ScoringProcess) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(post, service, "wait")
        begun(service, 1)
        service.process.terminate()
        until(lambda: service.status()["stage"] == "draining", "the stop", SECONDS)
        (service.folder / "go").touch()
        assert waiting.result().json() == ["wait", True]
    assert service.process.wait(SECONDS) == 0
