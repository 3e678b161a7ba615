"""Workers that follow the load: the decision alone, and a real service that grows and shrinks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.serving.scoring_process import SECONDS, ScoringProcess
from tests.waiting import until
from zaffre.serving.board import BUSY, BUSY_SINCE, Board
from zaffre.serving.scaling import Bounds, Load, Scaler, default_most, needed, processors, read_bounds
from zaffre.serving.settings import read_settings

BOUNDS = Bounds(least=1, most=10)
SLOW = """
    import json, os, time
    def init(): pass
    def run(data):
        time.sleep(json.loads(data))
        return os.getpid()
"""


@pytest.mark.parametrize(
    ("workers", "busy", "waiting", "wanted"),
    [
        (1, 0.0, 0, 1),  # nothing to do: the least
        (1, 0.7, 0, 1),  # exactly the target
        (1, 0.71, 0, 2),
        (1, 0.3, 50, 1),  # a burst that is over soon
        (1, 1.0, 5, 9),  # six at a time, each worker busy for 70 %
        (1, 1.0, 100, 10),  # the most
        (3, 2.1, 0, 3),
        (3, 2.11, 0, 4),
        (9, 6.0, 0, 9),
        (9, 0.5, 0, 1),
        (10, 10.0, 0, 10),
    ],
)
def test_what_a_load_needs(workers: int, busy: float, waiting: float, wanted: int) -> None:
    assert needed(Load(workers=workers, busy=busy, waiting=waiting), BOUNDS) == wanted


def test_the_target_and_the_least_count() -> None:
    load = Load(workers=4, busy=1.0)
    assert needed(load, Bounds(least=1, most=10, target=0.25)) == 4
    assert needed(load, Bounds(least=1, most=10, target=1.0)) == 1
    assert needed(load, Bounds(least=3, most=3)) == 3


def test_more_at_once_and_fewer_after_a_minute_of_less() -> None:
    scaler = Scaler(BOUNDS, Board(1))
    found = [
        scaler.decide(need, now)
        for now, need in [(0.0, 1), (1.0, 5), (2.0, 2), (30.0, 3), (60.5, 1), (61.5, 1), (90.0, 1), (90.5, 1), (121, 1)]
    ]
    assert found == [1, 5, 5, 5, 5, 3, 3, 1, 1]


def test_busy_time_is_read_from_the_board_also_of_calls_that_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [10_000_000_000]
    monkeypatch.setattr("time.monotonic_ns", lambda: clock[0])
    board = Board(3)
    scaler = Scaler(BOUNDS, board)

    def look(seconds: float, workers: int = 2) -> str:
        clock[0] += int(seconds * 1e9)
        return scaler.look(clock[0] / 1e9, workers, lambda: 3.0)

    board.row(0)[BUSY] += 250_000_000
    board.row(1)[BUSY_SINCE] = clock[0]
    assert look(1.0) == "more workers: from 1 to 2 (of 2, 1.25 were busy; the target is 70%)"
    assert scaler.due == 12.0
    board.row(1)[BUSY] += 2_000_000_000
    board.row(1)[BUSY_SINCE] = 0
    board.row(0)[BUSY] += 900_000_000
    assert look(1.0).startswith("more workers: from 2 to 7 (of 2, 1.90 were busy, 3 waiting;")
    board.row(2)[BUSY_SINCE] = clock[0]
    assert look(1.0) == ""
    board.row(2)[BUSY_SINCE] = 0  # its worker was killed in the call
    assert look(70.0).startswith("fewer workers: from 7 to 1 (of 2, 0.00 were busy;")


def test_the_bounds_that_arguments_name() -> None:
    assert read_bounds(2, None, None, None, "5") is None
    assert read_bounds(2, "4", "50", "3", "5") == Bounds(least=2, most=4, target=0.5, interval=3.0, down_seconds=5.0)
    found = read_bounds(1, "auto", None, None, None)
    assert found == Bounds(least=1, most=min(10, processors()), is_default=True)
    assert default_most(12) == 12


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workers", "3", "--max-workers", "2"], "--max-workers must be a whole number from 3 to 64, not '2'"),
        (["--max-workers", "many"], "not 'many'"),
        (["--max-workers", "1.5"], "--max-workers must be a whole number"),
        (["--max-workers", "65"], "to 64"),
        (["--max-workers", "2", "--target-utilization", "0"], "--target-utilization must be a number from 1 to 100"),
        (["--max-workers", "2", "--scale-interval", "0"], "--scale-interval"),
        (["--max-workers", "2", "--scale-down-seconds", "-1"], "--scale-down-seconds"),
        (["--target-utilization", "50"], "need --max-workers"),
        (["--scale-down-seconds", "5"], "need --max-workers"),
    ],
)
def test_bounds_that_cannot_be(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_settings([*arguments, "--entry-script", "score.py"], {})
    assert words in capsys.readouterr().err


def test_the_limit_of_a_container_counts_as_processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zaffre.serving.scaling._CGROUP", tmp_path)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert processors() == 8
    for limit, count in (("max 100000", 8), ("250000 100000", 3), ("50000 100000", 1), ("odd", 8)):
        (tmp_path / "cpu.max").write_text(limit)
        assert processors() == count


def gauge(service: ScoringProcess, name: str) -> float:
    lines = httpx.get(f"{service.http.base_url}/metrics", timeout=SECONDS).text.splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(f"{name} ")))


@contextmanager
def callers(service: ScoringProcess, count: int, seconds: float, pids: list[int] | None = None) -> Iterator[list[int]]:
    """So many who call all the time, each over one connection; the statuses that they got."""
    statuses: list[int] = []
    over = threading.Event()

    def call() -> None:
        with httpx.Client(base_url=service.http.base_url, timeout=SECONDS) as client:
            while not over.is_set():
                answer = client.post("/score", content=str(seconds))
                statuses.append(answer.status_code)
                if pids is not None:
                    pids.append(answer.json())

    with ThreadPoolExecutor(count) as pool:
        going = [pool.submit(call) for _ in range(count)]
        try:
            yield statuses
        finally:
            over.set()
            for one in going:
                one.result()


def test_a_service_grows_under_load_and_shrinks_without_losing_a_request(tmp_path: Path) -> None:
    arguments = ("--workers", "1", "--max-workers", "3", "--target-utilization", "95")
    with ScoringProcess(tmp_path, SLOW, *arguments, ZAFFRE_SCALE_DOWN_SECONDS="3") as service:
        with callers(service, 6, 0.2) as statuses:
            until(lambda: gauge(service, "zaffre_workers") == 3, "three workers to answer", SECONDS)
        assert set(statuses) == {200}
        assert "more workers: from 1 to " in service.log()
        with httpx.Client(base_url=service.http.base_url, timeout=SECONDS) as one:  # a light load, and one connection
            found: list[int] = []

            def is_small() -> bool:
                found.append(one.post("/score", content="0.001").status_code)
                return gauge(service, "zaffre_workers") == 1

            until(is_small, "one worker to be left", SECONDS)
        assert set(found) == {200}
        assert " to 1 (of " in service.log()
        assert " ERROR " not in service.log()


def test_connections_that_are_kept_go_to_the_workers_that_came(tmp_path: Path) -> None:
    pids: list[int] = []
    with ScoringProcess(tmp_path, SLOW, "--max-workers", "3") as service:
        with callers(service, 6, 0.05, pids) as statuses:
            until(lambda: len(set(pids[-12:])) == 3, "answers of three workers to six callers", SECONDS)
        assert set(statuses) == {200}
        assert " ERROR " not in service.log()


def test_the_most_by_default_is_told(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SLOW, "--max-workers", "auto") as service:
        log = service.wait_for_log("ready on")
    most = min(10, processors())
    assert f"1 to {most} workers, as the load asks for; at most {most} because the service may use" in log


def test_without_bounds_the_number_stays(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SLOW, ZAFFRE_SCALE_DOWN_SECONDS="1") as service:
        with callers(service, 4, 0.05) as statuses:
            until(lambda: len(statuses) > 60, "sixty answers", SECONDS)
        assert "more workers" not in service.log()
        assert gauge(service, "zaffre_workers_wanted") == 1
