"""What a serving process counts in a file for its supervisor, over workers and their ends."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.serving.scoring_process import ECHO, ScoringProcess
from tests.waiting import until
from zaffre.core.service_counters import ServiceCounters, read_counters

DIES = """
    import json, os, time
    def init(): pass
    def run(data):
        what = json.loads(data)
        if what == "die":
            os._exit(7)
        if what == "raise":
            raise ValueError("asked to")
        end = time.perf_counter() + what
        while time.perf_counter() < end:
            pass
        return what
"""


def counted(file: Path) -> ServiceCounters:
    found = read_counters(file)
    assert found is not None
    return found


def test_answers_times_and_use_are_counted_over_all_workers(tmp_path: Path) -> None:
    file = tmp_path / "counters"
    with ScoringProcess(tmp_path, DIES, "--workers", "2", "--counters-file", str(file)) as service:
        assert counted(file).requests == 0
        for _ in range(4):
            assert service.score(0.05).status_code == 200
        until(lambda: counted(file).requests == 4, "an answer is counted just after it was sent", patience=60)
        before = counted(file)
        assert service.score("raise").status_code == 500
        assert service.score("die").status_code == 502
        until(lambda: counted(file).requests == 6, "the lost request is counted", patience=60)
        found = counted(file)
        assert found.statuses == {200: 4, 500: 1, 502: 1}
        assert (found.failures, found.errors) == (1, 2)
        assert found.latency.total == 5  # how long the lost one took, nobody knows
        median = found.latency.quantile(0.5)
        assert median is not None
        assert 0.049 <= median < 5
        assert found.answer_seconds >= 0.2
        since = found.since(before)
        assert since.statuses == {500: 1, 502: 1}
        assert since.latency.total == 1
        until(lambda: counted(file).cpu_seconds >= 0.2, "the time is counted", patience=60)
        assert counted(file).memory_bytes > 5_000_000
        text = service.http.get("/metrics").text
        assert re.search(r"^zaffre_memory_bytes \d{7,}$", text, re.MULTILINE)
        assert float(re.findall(r"^zaffre_cpu_seconds_total (\S+)", text, re.MULTILINE)[0]) >= 0.2
        until(lambda: counted(file).workers == 2, "both workers", patience=60)


def test_a_file_that_is_not_there_or_not_whole_tells_nothing(tmp_path: Path) -> None:
    assert read_counters(tmp_path / "none") is None
    (tmp_path / "begun").write_bytes(bytes(4096))
    assert read_counters(tmp_path / "begun") is None
    (tmp_path / "short").write_bytes(b"abc")
    assert read_counters(tmp_path / "short") is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no device that is full")
def test_a_service_answers_where_nothing_can_be_measured(tmp_path: Path) -> None:
    (tmp_path / "counters").symlink_to("/dev/full")
    with ScoringProcess(tmp_path, ECHO, "--counters-file", str(tmp_path / "counters")) as service:
        assert service.score([1]).json() == [1]
        assert "what is served is not measured" in service.log()


def test_the_file_is_readable_for_others(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with ScoringProcess(tmp_path, ECHO, "--counters-file", str(tmp_path / "counters")):
            assert (tmp_path / "counters").stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)
