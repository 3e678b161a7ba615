"""``@batched``: many requests in one call, each with its own rows and its own errors."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving.scoring_process import SECONDS, ScoringProcess
from tests.waiting import until
from zaffre.serving import batched
from zaffre.serving.batching import WrongLength, split

# The answer to a row is the row and how many were in its call.
SCRIPT = """
    import os, time
    from zaffre.serving import batched

    def init(): pass

    @batched(max_size=8, max_wait_ms=300)
    def run(rows):
        assert len(rows) <= 8 or rows[0] == "large"
        if "poison" in rows: raise ValueError("poison")
        if "crash" in rows: os._exit(9)
        if "short" in rows: return rows[1:]
        if "sleep" in rows: time.sleep(60)
        return [[row, len(rows)] for row in rows]
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ScoringProcess]:
    with ScoringProcess(tmp_path, SCRIPT, "--timeout-ms", "5000") as running:
        yield running


def score_all(service: ScoringProcess, bodies: list[Any]) -> list[httpx.Response]:
    """Each on a connection of its own, together."""
    clients = [httpx.Client(base_url=service.http.base_url, timeout=SECONDS) for _ in bodies]
    for client in clients:
        client.get("/")
    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(lambda client, body: client.post("/score", json=body), clients, bodies))
    for client in clients:
        client.close()
    return answers


def test_rows_of_many_requests_are_one_call_and_keep_their_order(service: ScoringProcess) -> None:
    answers = score_all(service, [{"data": [number, -number]} for number in range(4)] * 4)
    results = [answer.json() for answer in answers]
    assert [[row for row, _ in found] for found in results] == [[number, -number] for number in range(4)] * 4
    assert max(size for found in results for _, size in found) == 8
    metrics = service.http.get("/metrics").text
    assert "zaffre_batch_rows_sum 32\n" in metrics
    assert "zaffre_batch_wait_seconds_total" in metrics


def test_a_row_alone_is_answered_alone_and_a_list_with_a_list(service: ScoringProcess) -> None:
    assert service.score({"x": 1}).json() == [{"x": 1}, 1]
    assert service.score([5]).json() == [[5, 1]]
    assert service.score({"data": []}).json() == []
    assert service.score(["large"] * 20).json() == [["large", 20]] * 20


def test_who_is_alone_does_not_wait(service: ScoringProcess) -> None:
    assert float(service.score([1]).headers["x-ms-run-fn-exec-ms"]) < 5000
    for _ in range(50):
        assert service.score([1]).status_code == 200
    text = service.http.get("/metrics").text
    waited = next(line for line in text.splitlines() if line.startswith("zaffre_batch_wait_seconds_total"))
    assert float(waited.split()[1]) < 51 * 0.3


def test_a_poisoned_row_harms_its_own_request_alone(service: ScoringProcess) -> None:
    answers = score_all(service, [["a"], ["b"], ["poison"], ["c"], ["d"], ["e"]])
    assert [answer.status_code for answer in answers] == [200, 200, 500, 200, 200, 200]
    assert answers[2].headers["x-ms-run-function-failed"] == "True"
    assert [answer.json()[0][0] for answer in answers if answer.status_code == 200] == ["a", "b", "c", "d", "e"]
    assert "ValueError: poison" in service.log()
    assert "zaffre_split_batches_total" in service.http.get("/metrics").text


def test_a_result_of_another_length_is_an_error_that_says_so(service: ScoringProcess) -> None:
    assert service.score(["short", 1]).status_code == 500
    assert "run() got 2 rows and returned 1 results" in service.log()
    assert service.score([1]).status_code == 200


def test_what_is_no_json_is_refused_alone(service: ScoringProcess) -> None:
    reply = service.http.post("/score", content=b"{")
    assert reply.status_code == 400
    assert "could not be decoded as JSON" in reply.json()["message"]
    assert service.http.get("/score?a=1").status_code == 405
    assert service.http.post("/score", content=b"[NaN]").status_code in (200, 500)


def test_every_request_of_a_batch_is_told_of_a_crash_and_of_a_timeout(service: ScoringProcess) -> None:
    assert {answer.status_code for answer in score_all(service, [["crash"], ["crash"]])} == {502}
    for answer in score_all(service, [["sleep"], ["sleep"]]):
        assert answer.json()["message"] == "Scoring timeout after 5000 ms"
    until(lambda: service.score([1]).status_code == 200, "an answer", SECONDS)


def test_rows_and_headers_do_not_go_together(tmp_path: Path) -> None:
    script = """
        from zaffre.serving import batched
        def init(): pass
        @batched()
        def run(rows, request_headers): return rows
    """
    service = ScoringProcess(tmp_path, script).launch()
    assert service.wait() == 3
    assert "is @batched and gets rows" in service.status()["error"]["message"]


def test_a_size_or_wait_that_makes_no_sense_is_refused() -> None:
    for wrong in ({"max_size": 0}, {"max_wait_ms": -1}):
        with pytest.raises(ValueError, match="batched"):
            batched(**wrong)


@pytest.mark.parametrize("results", [[1], "ab", {1: 2}, None, 3])
def test_only_a_list_of_the_right_length_is_split(results: Any) -> None:
    with pytest.raises(WrongLength):
        split(results, [1, 1])


def test_arrays_are_split() -> None:
    import numpy

    assert split(numpy.arange(3), [1, 2]) == [[0], [1, 2]]
    assert split(("a", "b"), [0, 2]) == [[], ["a", "b"]]
