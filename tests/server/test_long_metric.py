"""A metric of some millions of points, read through a real server: every way of reading it leaves the server small."""

from __future__ import annotations

import json
import urllib.request
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server_process import ServerProcess
from zaffre.core.contract import DEFAULT_WORKSPACE
from zaffre.server.store import experiments, metrics, runs
from zaffre.server.store.engine import Store
from zaffre.server.store.metrics import Logged
from zaffre.server.store.packing import Columns

POINTS = 2_000_000
AT_ONCE = 100_000
MOST_MIB = 400


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path_factory.mktemp("long")).start()
    process.stop()
    with Store.open(process.home / "workspace.db") as store:
        made = {"id": "r", "status": "Completed", "created_at": 0}
        pk = store.write(
            lambda connection: runs.add(connection, experiments.next_run(connection, DEFAULT_WORKSPACE, 0), made, None)
        )
        for first in range(0, POINTS, AT_ONCE):
            steps = array("q", range(first, first + AT_ONCE))
            points = Columns(steps, array("q", [step // 2 for step in steps]), array("d", steps))
            store.write(
                lambda connection, points=points: metrics.append(connection, pk, [Logged("loss", points, False)])  # type: ignore[misc]
            )
    yield process.start()
    process.stop()


def get(server: ServerProcess, path: str) -> Any:
    wanted = urllib.request.Request(f"{server.url}{path}", headers={"Authorization": f"Bearer {server.token}"})  # noqa: S310 - our own URL
    with urllib.request.urlopen(wanted, timeout=300) as answer:  # noqa: S310
        return json.load(answer)


def peak(server: ServerProcess) -> float:
    """The most memory that the server has had so far, in MiB."""
    assert server.process is not None
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def test_every_way_of_reading_it_leaves_the_server_small(server: ServerProcess) -> None:
    history = "/api/2.0/mlflow/metrics/get-history?run_id=r&metric_key=loss"
    token, steps = "", 0
    for _ in range(6):
        page = get(server, f"{history}&max_results=25000" + (f"&page_token={token}" if token else ""))
        assert [point["step"] for point in page["metrics"]] == list(range(steps, steps + 25_000))
        token, steps = page["next_page_token"], steps + 25_000
    whole = get(server, history)
    assert len(whole["metrics"]) >= 100_000
    assert whole["next_page_token"]
    ours = f"/api/v1/workspaces/{DEFAULT_WORKSPACE}/runs/r/metrics"
    first = get(server, ours)
    second = get(server, f"{ours}?after={first['next']}")
    [one], [two] = first["series"], second["series"]
    assert one["steps"] + two["steps"] == list(range(len(one["steps"]) + len(two["steps"])))
    assert one["total"] == POINTS
    interval = "/api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=r&metric_key=loss&max_results=5"
    assert [point["step"] for point in get(server, interval)["metrics"]] == [
        0,
        500_000,
        1_000_000,
        1_499_999,
        1_999_999,
    ]
    part = get(server, f"{ours}/loss/chart?points=1000&start_step=1000000&end_step=1000499")
    assert (part["exact"], part["steps"]) == (True, list(range(1_000_000, 1_000_500)))
    assert peak(server) < MOST_MIB
