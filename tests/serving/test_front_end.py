"""What callers of a service get where it stands for one of a cluster: as Azure's front end tells failures."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests import waiting
from tests.serving.scoring_process import SECONDS, ScoringProcess

until = partial(waiting.until, patience=SECONDS)

SCRIPT = """
    import json, time, uuid
    from azureml.contrib.services.aml_response import AMLResponse
    def init():
        pass
    def run(data):
        do = json.loads(data)
        if do == "raise":
            raise ValueError("no")
        if do == "own":
            return AMLResponse("mine", 500)
        if do == "other":
            return AMLResponse("mine", 501)
        if do == "set":
            return {1}
        while do == "late":
            time.sleep(0.01)
        return do
"""
FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."
INTERNAL = "An unexpected internal error occurred. Check the logs for more info."


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScoringProcess]:
    with ScoringProcess(tmp_path_factory.mktemp("front"), SCRIPT, "--front-end", "--timeout-ms", "2000") as service:
        yield service


@pytest.mark.parametrize(
    ("do", "status", "body", "failed"),
    [
        ("raise", 502, {"message": FAILED}, "True"),
        ("set", 502, {"message": INTERNAL}, "False"),
        ("own", 502, "mine", "True"),
        ("other", 501, "mine", "True"),
        ("late", 504, {"message": "Scoring timeout after 2000 ms", "request_id": "late"}, "True"),
    ],
)
def test_a_failure_is_502_and_a_late_one_504(
    service: ScoringProcess, do: str, status: int, body: object, failed: str
) -> None:
    answer = service.http.post("/score", json=do, headers={"x-request-id": do})
    told = answer.text if body == "mine" else answer.json()
    assert (answer.status_code, told) == (status, body)
    assert answer.headers["x-ms-run-function-failed"] == failed
    assert answer.headers["x-request-id"] == do
    assert f'zaffre_requests_total{{status="{status}"}} ' in service.http.get("/metrics").text
    assert 'status="500"' not in service.http.get("/metrics").text
    assert service.score("well").json() == "well"


WAITING = """
    import json, time
    from pathlib import Path
    def init():
        pass
    def run(data):
        with open("calls", "a") as file:
            file.write(json.loads(data))
        while data == '"h"' and not Path("go").exists():
            time.sleep(0.01)
        return data
"""


def test_who_waited_as_long_as_one_may_is_told_and_not_begun(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, WAITING, "--max-wait-ms", "1500") as service, ThreadPoolExecutor(4) as pool:
        first = pool.submit(service.score, "h")
        service.wait_for_file("calls")
        others = [pool.submit(service.score, "n") for _ in range(3)]
        for other in others:
            answer = other.result(SECONDS)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            told = answer.json()
            assert "waited 1500 ms" in told["message"]
            assert told["request_id"] == answer.headers["x-request-id"]
        (tmp_path / "go").touch()
        assert first.result(SECONDS).status_code == 200  # it is run() that may take long
        assert service.score("w").status_code == 200
        assert (tmp_path / "calls").read_text() == "hw"
        assert 'zaffre_requests_total{status="503"} 3\n' in service.http.get("/metrics").text


def test_a_body_that_comes_slowly_did_not_wait(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, WAITING, ZAFFRE_MAX_REQUEST_WAIT_MS="1500") as service:

        def pieces() -> Iterator[bytes]:
            yield b'"'
            until(lambda: service.score("w").status_code == 200, "another answer meanwhile")
            time.sleep(2.5)  # longer than a request may wait
            yield b's"'

        assert service.http.post("/score", content=pieces()).status_code == 200
