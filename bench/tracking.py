"""Our server and MLflow's own, asked the same over MLflow's protocol, in turns: in the same minutes, on this machine.

Requests are encoded before the clock starts and answers decoded after it stops, so that the client's own cost stays out
of the figures. MLflow runs with one worker and with its default of four; the faster of the two counts, and both are
shown.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.figure import Figure
from bench.protocol import Client, encoded
from bench.searched_runs import FILTER, fill_mlflow, fill_ours, made
from bench.servers import mlflow_server
from tests.server_process import ServerProcess

ROUNDS = 3
CONNECTIONS = 8
SECONDS = 5
BATCH = 1000
POINTS = 50_000
FEW, MANY = 10_000, 100_000
# What is measured: its name, its unit, what fraction of the peer's it may need, and what its inverse counts per second.
_ASKED = (
    ("log-metric, 1 connection, p50", "ms", None, ""),
    (f"log-metric, {CONNECTIONS} connections", "ms", 20, "requests"),
    (f"log-metric, {CONNECTIONS} connections, p99", "ms", 20, ""),
    (f"log-batch of {BATCH:,} metrics", "us/metric", 20, "metrics"),
    ("metric history", "us/point", 15, "points"),
    ("whole runs: create, batch, finish", "ms", 10, "runs"),
    (f"search, 100 of {FEW:,} runs, filtered, p50", "ms", 20, ""),
    (f"search, latest 100 of {FEW:,} runs, p50", "ms", None, ""),
)
_PER_SECOND = {"ms": 1e3, "us/metric": 1e6, "us/point": 1e6}
_RUN_ID = re.compile(rb'"run_id": *"([0-9a-f]{32})"')
_TO_COME = b"0" * 32  # a run's id, until the server has said which
Taken = dict[str, list[float]]


def figures(folder: Path) -> list[Figure]:
    ours, stock, default = Taken(), Taken(), Taken()
    with mlflow_server(_made(folder / "one"), workers=1) as (url, _, _):
        peer = Client(url)
        few = _experiment(peer)
        fill_mlflow(folder / "one" / "mlflow.db", int(few), list(made(FEW, FEW)))
        process = ServerProcess(folder / "home").start()
        try:
            client = Client(process.url, process.token)
            experiments = _experiment(client), _experiment(client)
            _fill(process, experiments[0], FEW)
            for _ in range(ROUNDS):
                _logging(client, ours)
                _logging(peer, stock)
                _searches(client, experiments[0], ours)
                _searches(peer, few, stock)
            _fill(process, experiments[1], MANY)
            many = _p50(lambda: client.send("POST", "/runs/search", _search(experiments[1])))
        finally:
            process.stop()
    with mlflow_server(_made(folder / "four"), workers=4) as (url, _, _):
        peer = Client(url)
        few = _experiment(peer)
        fill_mlflow(folder / "four" / "mlflow.db", int(few), list(made(FEW, FEW)))
        _logging(peer, default)
        _searches(peer, few, default)
    found = [_figure(asked, ours, stock, default) for asked in _ASKED if asked[0] in ours]
    twice = 2 * statistics.median(ours[_ASKED[6][0]])
    return [
        *found,
        Figure(f"search, 100 of {MANY:,} runs, filtered, p50", [many], "ms", twice, note="twice of the few"),
    ]


def _fill(process: ServerProcess, experiment: str, size: int) -> None:
    process.stop()
    fill_ours(process.home / "workspace.db", int(experiment), list(made(size, size)))
    process.start()


def _figure(asked: tuple[str, str, int | None, str], ours: Taken, stock: Taken, default: Taken) -> Figure:
    name, unit, times, counted = asked
    one, four = (statistics.median(taken[name]) for taken in (stock, default))
    peer, workers = min((one, "1 worker"), (four, "4 workers"))
    notes = [f"with 1 worker {one:.3g} {unit}, with 4 {four:.3g} {unit}"]
    if counted:
        rate, peer_rate = (_PER_SECOND[unit] / each for each in (statistics.median(ours[name]), peer))
        notes.append(f"{rate:,.0f} {counted}/s, peer {peer_rate:,.0f}")
    return Figure(
        name, ours[name], unit, times=times, peer_name=f"mlflow server, {workers}", peer=peer, note="; ".join(notes)
    )


def _logging(client: Client, taken: Taken) -> None:
    """One round of everything that training scripts send, and of reading a history."""
    experiment = _experiment(client)
    run = _run(client, experiment)
    _add(taken, 0, statistics.median(client.timed("/runs/log-metric", [_point(run, "loss", i) for i in range(200)])))
    bodies = [_point(run, f"m{i % 5}", i) for i in range(20_000)]
    load = client.hammer("/runs/log-metric", bodies, connections=CONNECTIONS, seconds=SECONDS)
    if load is not None:
        _add(taken, 1, load.each)
        _add(taken, 2, load.p99)
    run = _run(client, experiment)
    batches = [_batch(run, first) for first in range(0, POINTS, BATCH)]
    _add(taken, 3, sum(client.timed("/runs/log-batch", batches)) * 1000 / POINTS)
    _add(taken, 4, _history(client, run))
    prepared = [_whole_run(experiment, i) for i in range(100)]
    begun = time.perf_counter()
    for create, *others in prepared:
        found = _RUN_ID.search(client.send("POST", "/runs/create", create))
        assert found is not None, "a run was made without an id"
        for path, body in others:
            client.send("POST", path, body.replace(_TO_COME, found[1]))
    _add(taken, 5, (time.perf_counter() - begun) * 1000 / 100)


def _searches(client: Client, experiment: str, taken: Taken) -> None:
    _add(taken, 6, _p50(lambda: client.send("POST", "/runs/search", _search(experiment))))
    latest = encoded({"experiment_ids": [experiment], "max_results": 100})
    _add(taken, 7, _p50(lambda: client.send("POST", "/runs/search", latest)))


def _add(taken: Taken, place: int, value: float) -> None:
    taken.setdefault(_ASKED[place][0], []).append(value)


def _p50(call: Callable[[], object], times: int = 20) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def _history(client: Client, run: str) -> float:
    """Microseconds for each point of the run's metric, read in pages of 25,000."""
    pages: list[bytes] = []
    token, seconds = "", 0.0
    while not pages or token:
        begun = time.perf_counter()
        path = f"/metrics/get-history?run_id={run}&metric_key=loss&max_results=25000"
        pages.append(client.send("GET", path + (f"&page_token={token}" if token else "")))
        seconds += time.perf_counter() - begun
        token = json.loads(pages[-1]).get("next_page_token", "")
    points = sum(len(json.loads(page).get("metrics", [])) for page in pages)
    if points != POINTS:
        raise AssertionError(f"{points} of {POINTS} points were answered")
    return seconds * 1e6 / points


def _whole_run(experiment: str, i: int) -> tuple[bytes, tuple[str, bytes], tuple[str, bytes]]:
    """What makes a run, what logs to it and what ends it, with ``_TO_COME`` in place of its id."""
    run, stamp = _TO_COME.decode(), _now()
    values = dict.fromkeys(("loss", "acc", "auc"), i / 7)
    logged: dict[str, Any] = {
        "run_id": run,
        "metrics": [{"key": key, "value": value, "timestamp": stamp, "step": 0} for key, value in values.items()],
        "params": [{"key": "lr", "value": str(10.0 ** -(i % 5))}, {"key": "depth", "value": str(i % 12)}],
        "tags": [{"key": "team", "value": f"t{i % 7}"}],
    }
    return (
        encoded({"experiment_id": experiment, "start_time": stamp, "tags": []}),
        ("/runs/log-batch", encoded(logged)),
        ("/runs/update", encoded({"run_id": run, "status": "FINISHED", "end_time": stamp})),
    )


def _experiment(client: Client) -> str:
    return str(client.post("/experiments/create", {"name": f"bench-{time.time_ns()}"})["experiment_id"])


def _run(client: Client, experiment: str) -> str:
    run = client.post("/runs/create", {"experiment_id": experiment, "start_time": _now(), "tags": []})
    return str(run["run"]["info"]["run_id"])


def _point(run: str, key: str, i: int) -> bytes:
    return encoded({"run_id": run, "key": key, "value": i / 7, "timestamp": _now() + i, "step": i})


def _batch(run: str, first: int) -> bytes:
    stamp = _now()
    points = [
        {"key": "loss", "value": i * 0.37, "timestamp": stamp + i, "step": i} for i in range(first, first + BATCH)
    ]
    return encoded({"run_id": run, "metrics": points, "params": [], "tags": []})


def _search(experiment: str) -> bytes:
    return encoded(
        {"experiment_ids": [experiment], "filter": FILTER, "max_results": 100, "order_by": ["metrics.loss ASC"]}
    )


def _now() -> int:
    return int(time.time() * 1000)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
