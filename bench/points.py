"""One embedded store with very many metric points: how fast it takes more, draws them, and what they take on disk.

The store is filled in batches of 1,000, many to a transaction, with runs of ten metrics and with a few metrics that are
millions of points long. Then it serves MLflow's protocol, beside a server whose store is empty, in turns: the rates are
compared at the same moment on this machine.
"""

from __future__ import annotations

import json
import statistics
import time
from array import array
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote

import psutil
from sqlalchemy import Connection

from bench.figure import Figure
from bench.protocol import Client, encoded
from tests.server_process import ServerProcess
from zaffre.server.store import experiments, metrics, runs
from zaffre.server.store.engine import Store
from zaffre.server.store.metrics import Logged
from zaffre.server.store.packing import Columns

POINTS = 100_000_000
BATCH = 1_000
LONG = 4  # metrics that together take half of all points, the longest of them a quarter
PER_RUN = 10 * 20_000  # points of the other runs: ten metrics each
AT_ONCE = 200  # batches in a transaction
PROBE = 300  # batches by which the rate is measured
CHARTS = 20
_STARTED = 1_700_000_000_000


def figures(folder: Path, points: int = POINTS) -> list[Figure]:
    begun = time.perf_counter()
    full, empty = ServerProcess(folder / "full"), ServerProcess(folder / "empty").start()
    try:
        shown = _fill(full, points)
        seconds = time.perf_counter() - begun
        full.start()
        # In turns, for the machine may be busy with other things by now; the first round warms both up.
        rounds = [(_rate(empty), _rate(full)) for _ in range(6)][1:]
        charts = {what: _charts(full, run, key) for what, run, key in shown}
        memory = _memory(full)
    finally:
        full.stop()
        empty.stop()
    size = sum(path.stat().st_size for path in (folder / "full").glob("workspace.db*"))
    rate = BATCH / statistics.median(taken for _, taken in rounds) * 1e3
    return [
        Figure(
            f"log-batch with {points:,} points stored, time against an empty store",
            [taken / fresh for fresh, taken in rounds],
            "x",
            1.25,
            note=f"{rate:,.0f} metrics/s over one connection; filled in {seconds:.0f} s",
        ),
        *(Figure(f"chart of 1,000 points, {what}", taken, "ms", 50) for what, taken in charts.items()),
        Figure("disk", [size / points], "bytes/point", 60),
        Figure("server memory after all of this", [memory], "MiB", 400),
    ]


def _fill(process: ServerProcess, points: int) -> list[tuple[str, str, str]]:
    """Fill the store of a server that does not run; what to chart: in words, its run, its metric."""
    process.start()
    experiment = _experiment(Client(process.url, process.token))
    process.stop()
    long = [points // 4, *[points // 4 // (LONG - 1)] * (LONG - 1)]
    short = [PER_RUN // 10] * 10
    runs_of_ten = max((points - sum(long)) // PER_RUN, 1)
    shown = []
    with Store.open(process.home / "workspace.db") as store:
        for i, size in enumerate(long):
            run = _fill_run(store, experiment, f"long{i}", ["loss"], size)
            if i in (0, 1):
                shown.append((f"of {size:,} points", run, "loss"))
        for i in range(runs_of_ten):
            run = _fill_run(store, experiment, f"short{i}", [f"m{k}" for k in range(len(short))], short[0])
    return [*shown, (f"of {short[0]:,} points", run, "m0")]


def _fill_run(store: Store, experiment: int, run: str, names: list[str], points: int) -> str:
    """A run with as many points of each metric, in batches of ``BATCH`` points."""
    each = BATCH // len(names)
    values = array("d", [1 / (1 + i % 9973) + i % 97 / 1000 for i in range(20_000)])
    made = {"id": run, "status": "Completed", "created_at": _STARTED}

    def make(connection: Connection) -> int:
        return runs.add(connection, experiments.next_run(connection, "default", experiment), made, None)

    pk = store.write(make)

    def add(connection: Connection, first: int) -> None:
        for start in range(first, min(first + AT_ONCE * each, points), each):
            steps = array("q", range(start, min(start + each, points)))
            stamps = array("q", [_STARTED + step for step in steps])
            place = start % (len(values) - each)
            found = Columns(steps, stamps, values[place : place + len(steps)])
            metrics.append(connection, pk, [Logged(name, found, False) for name in names])

    for first in range(0, points, AT_ONCE * each):
        store.write(partial(add, first=first))
    return run


def _batches(run: str, names: list[str], points: int) -> Iterator[bytes]:
    """Requests of 1,000 points; written as text, for encoding them would cost more than the server's whole work."""
    for first in range(0, points // len(names), BATCH // len(names)):
        steps = range(first, first + BATCH // len(names))
        metrics = ",".join(
            f'{{"key":"{name}","value":{1 / (1 + step):.6f},"timestamp":{_STARTED + step},"step":{step}}}'
            for step in steps
            for name in names
        )
        yield f'{{"run_id":"{run}","metrics":[{metrics}]}}'.encode()


def _rate(process: ServerProcess) -> float:
    """Milliseconds for one batch of a new run, requests made before the clock starts."""
    client = Client(process.url, process.token)
    run = _run(client, _experiment(client))
    bodies = list(_batches(run, [f"m{i}" for i in range(10)], PROBE * BATCH))
    return statistics.median(client.timed("/runs/log-batch", bodies))


def _charts(process: ServerProcess, run: str, key: str) -> list[float]:
    client = Client(process.url, process.token)
    path = f"/api/v1/workspaces/default/runs/{run}/metrics/{quote(key)}/chart?points=1000"
    taken = []
    for _ in range(CHARTS):
        begun = time.perf_counter()
        answer = client.get(path)
        taken.append((time.perf_counter() - begun) * 1000)
        if not 500 <= len(json.loads(answer)["steps"]) <= 1000:
            raise AssertionError("a chart of 1,000 points has 500 to 1,000")
    return taken


def _experiment(client: Client) -> int:
    return int(client.post("/experiments/create", {"name": f"bench-{time.time_ns()}"})["experiment_id"])


def _run(client: Client, experiment: int) -> str:
    given = {"experiment_id": str(experiment), "start_time": _STARTED}
    made = client.send("POST", "/runs/create", encoded(given))
    return str(json.loads(made)["run"]["info"]["run_id"])


def _memory(process: ServerProcess) -> float:
    """MiB of the server's own memory; pages of files that it shares with the system's cache are not its own."""
    assert process.process is not None
    return float(psutil.Process(process.process.pid).memory_info().rss / 2**20)
