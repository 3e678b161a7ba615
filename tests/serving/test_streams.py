"""Entry scripts with ``async`` and ``yield``."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.serving.scoring_process import SECONDS, ScoringProcess
from tests.waiting import until

SCRIPT = """
    import os, time
    def init(): pass
    def run(data):
        if data == "text":
            return (word for word in ("one ", "two ", "", "three"))
        if data == "events":
            return ({"n": n} for n in range(3))
        if data == "mixed":
            return iter_mixed()
        if data == "nothing":
            return (x for x in ())
        if data == "wait":
            return waits()
        if data == "raise":
            return raises()
        if data == "early":
            return raises_early()
        if data == "large":
            return ("x" * 1_000_000 for _ in range(20))
        if data == "slow":
            return sleeps()
        return data
    def iter_mixed():
        yield {"a": 1}
        yield "text"
    def waits():
        yield "first"
        while not os.path.exists("go"): time.sleep(0.01)
        yield "last"
    def raises():
        yield "first"
        raise ValueError("in the middle")
    def raises_early():
        raise ValueError("at once")
        yield
    def sleeps():
        yield "first"
        time.sleep(600)
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScoringProcess]:
    with ScoringProcess(tmp_path_factory.mktemp("streams"), SCRIPT, "--timeout-ms", "8000") as running:
        yield running


def post(service: ScoringProcess, content: str) -> httpx.Response:
    return service.http.post("/score", content=content)


def test_text_is_sent_in_chunks(service: ScoringProcess) -> None:
    reply = post(service, "text")
    assert (reply.status_code, reply.text) == (200, "one two three")
    assert reply.headers["transfer-encoding"] == "chunked"
    assert reply.headers["content-type"].startswith("text/plain")
    assert reply.headers["x-request-id"]
    assert post(service, "plain").json() == "plain"


def test_everything_else_is_sent_as_events(service: ScoringProcess) -> None:
    reply = post(service, "events")
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.text == 'data: {"n": 0}\n\ndata: {"n": 1}\n\ndata: {"n": 2}\n\n'
    assert post(service, "mixed").text == 'data: {"a": 1}\n\ndata: "text"\n\n'
    assert post(service, "nothing").json() == ""


def test_a_piece_is_there_before_the_next_is_made(service: ScoringProcess) -> None:
    with service.http.stream("POST", "/score", content="wait") as reply:
        pieces = reply.iter_text()
        assert next(pieces) == "first"
        assert httpx.get(f"{service.http.base_url}/", timeout=SECONDS).text == "Healthy"
        (service.folder / "go").touch()
        assert "".join(pieces) == "last"


def test_an_error_in_the_middle_leaves_the_end_out(service: ScoringProcess) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        post(service, "raise")
    assert "in the middle" in service.log()
    reply = post(service, "early")
    assert reply.status_code == 500
    assert reply.headers["x-ms-run-function-failed"] == "True"


def test_a_stream_over_its_time_is_cut(service: ScoringProcess) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        post(service, "slow")
    until(lambda: post(service, "on").status_code == 200, "an answer", SECONDS)


def test_a_caller_that_leaves_ends_the_stream(service: ScoringProcess) -> None:
    assert len(post(service, "large").content) == 20_000_000
    with httpx.Client(base_url=service.http.base_url, timeout=SECONDS) as other:  # noqa: SIM117
        with other.stream("POST", "/score", content="large") as reply:
            next(reply.iter_raw())
    assert post(service, "on").json() == "on"


def test_async_functions_and_generators(tmp_path: Path) -> None:
    script = """
        import asyncio
        def init(): pass
        async def run(data):
            await asyncio.sleep(0)
            if data == "raise": raise ValueError("async")
            return [data, asyncio.get_running_loop() is not None]
    """
    with ScoringProcess(tmp_path, script) as service, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: post(service, str(n)).json(), range(8)))
        assert answers == [[str(n), True] for n in range(8)]
        assert post(service, "raise").status_code == 500


def test_an_async_generator_is_streamed(tmp_path: Path) -> None:
    script = """
        import asyncio
        def init(): pass
        async def run(data):
            for n in range(3):
                await asyncio.sleep(0)
                yield {"n": n}
    """
    with ScoringProcess(tmp_path, script) as service:
        assert post(service, "x").text.count("data: ") == 3
        assert post(service, "x").headers["content-type"] == "text/event-stream"


def test_batches_are_plain(tmp_path: Path) -> None:
    script = """
        from zaffre.serving import batched
        def init(): pass
        @batched()
        async def run(rows): return rows
    """
    service = ScoringProcess(tmp_path, script).launch()
    assert service.wait() == 3
    assert "must be a plain function" in service.status()["error"]["message"]
