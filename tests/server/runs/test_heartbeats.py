"""Runs that fall silent, noticed by the real background loop of the application."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.rest import URL, Rest, serve
from zaffre.server.app import reconciler


@pytest.fixture
def watched(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Rest]:
    """A server that takes a run for lost after a second of silence, or as many as the test says."""
    with serve(tmp_path, heartbeat_lost_seconds=getattr(request, "param", 1.0), reconcile_seconds=0.05) as http:
        background = reconciler(http.app.state.parts, URL)  # type: ignore[attr-defined]
        background.start()
        yield Rest(http, tmp_path, "default")
        background.stop()


def until(rest: Rest, run: str, status: str) -> None:
    deadline = time.monotonic() + 30
    while (got := rest.get(f"/runs/{run}")["status"]) != status:
        assert time.monotonic() < deadline, got
        time.sleep(0.05)


def test_a_silent_run_is_first_doubted_then_failed(watched: Rest) -> None:
    run = watched.run()
    watched.post(f"/runs/{run}/heartbeat")
    until(watched, run, "NotResponding")
    until(watched, run, "Failed")
    assert "Nothing was heard of the run for 1 seconds" in watched.get(f"/runs/{run}")["error"]["message"]
    assert [event["status"] for event in watched.get(f"/runs/{run}/events")] == ["Running", "NotResponding", "Failed"]


@pytest.mark.parametrize("watched", [20.0], indirect=True)  # it has half of them to come back in
def test_a_run_that_comes_back_runs_on(watched: Rest) -> None:
    run = watched.run()
    watched.post(f"/runs/{run}/heartbeat")
    until(watched, run, "NotResponding")
    assert watched.post(f"/runs/{run}/heartbeat")["status"] == "Running"


def test_a_silent_run_that_was_to_be_canceled_is_canceled(watched: Rest) -> None:
    run = watched.run(spec={"script": "train.py"}, target="local", status="Running")
    watched.post(f"/runs/{run}/heartbeat")
    assert watched.post(f"/runs/{run}/cancel")["status"] == "CancelRequested"
    until(watched, run, "Canceled")


def test_a_run_that_never_beat_is_left_alone(watched: Rest) -> None:
    interactive, beating = watched.run(), watched.run()
    watched.post(f"/runs/{beating}/heartbeat")
    until(watched, beating, "Failed")
    assert watched.get(f"/runs/{interactive}")["status"] == "Running"
