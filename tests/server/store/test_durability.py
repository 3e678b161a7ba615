"""Acknowledged is durable: a process that writes is killed, and nothing it was told is written is missing."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from zaffre.server.store import metrics, runs
from zaffre.server.store.engine import Store

BATCH = 40

# Eight threads log batches of BATCH points, each batch to both metrics "a" and "b", and print what was acknowledged.
WRITER = f"""
import sys, threading
from zaffre.core.wire import RunCreate
from zaffre.server.notifier import Notifier
from zaffre.server.store import workspaces
from zaffre.server.store.engine import Store
from zaffre.server.tracking.tracking import Tracking

store = Store.open(sys.argv[1])
store.write(lambda connection: workspaces.create(connection, "default"))
tracking = Tracking(store, Notifier())

def work(name):
    tracking.create_run("default", 0, RunCreate(id=name))
    for batch in range(1_000_000):
        points = [(key, float(batch), 0, batch * {BATCH} + i) for i in range({BATCH}) for key in ("a", "b")]
        tracking.log_batch("default", name, points)
        sys.stdout.write(f"{{name}} {{batch}}\\n")
        sys.stdout.flush()

for i in range(8):
    threading.Thread(target=work, args=(f"run{{i}}",)).start()
"""


@pytest.mark.parametrize("lines", [25, 400])
def test_kill_minus_9_loses_no_acknowledged_batch_and_leaves_no_half_of_one(database: str, lines: int) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, database], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        heard = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        heard += process.stdout.readlines()
    acknowledged: dict[str, int] = {}
    for line in heard:
        if line.endswith("\n"):
            name, batch = line.split()
            acknowledged[name] = max(acknowledged.get(name, -1), int(batch))
    assert acknowledged

    with Store.open(database) as store:
        for name, last in acknowledged.items():
            series = store.read(
                lambda connection, name=name: metrics.read(  # type: ignore[misc]
                    connection, runs.key_of(connection, "default", name).pk
                )
            )
            assert [found.name for found in series] == ["a", "b"]
            assert series[0].points == series[1].points
            points = series[0].points
            assert len(points) >= (last + 1) * BATCH
            assert len(points) % BATCH == 0
            assert points.steps.tolist() == list(range(len(points)))
            assert points.values.tolist() == [float(step // BATCH) for step in points.steps]
