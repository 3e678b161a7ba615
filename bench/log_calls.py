"""What one ``run.log`` costs the training loop, and when 100,000 of them are durable on the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.figure import Figure
from bench.servers import mlflow_server, workspace_server
from tests.server_process import clean_environment

CALLS = 100_000
PEER_CALLS = 300
_OURS = """
import json, statistics, sys, time
from azureml.core import Experiment, Workspace
calls = int(sys.argv[1])
ws = Workspace.get("default", subscription_id="s", resource_group="g")
run = Experiment(ws, "bench").start_logging(snapshot_directory=None, outputs=False)
clock = time.perf_counter_ns
times = [0] * calls
for i in range(calls):
    begun = clock()
    run.log("loss", i * 0.5)
    times[i] = clock() - begun
begun = time.perf_counter()
run.flush()
flushed = time.perf_counter() - begun
kept = len(run.get_metrics("loss")["loss"])
run.complete()
print(json.dumps([statistics.median(times) / 1000, sorted(times)[int(calls * 0.999)] / 1000, flushed, kept]))
"""
_MLFLOW = """
import json, statistics, sys, time
import mlflow
mlflow.set_tracking_uri(sys.argv[2])
mlflow.set_experiment("bench")
with mlflow.start_run():
    times = []
    for i in range(int(sys.argv[1])):
        begun = time.perf_counter_ns()
        mlflow.log_metric("loss", i * 0.5, step=i)
        times.append(time.perf_counter_ns() - begun)
print(json.dumps(statistics.median(times) / 1000))
"""


def figures(folder: Path) -> list[Figure]:
    home = folder / "home"
    with workspace_server(home):
        answer = _run(_OURS, clean_environment(home), str(CALLS))
        median, late, flushed, kept = json.loads(answer)
    if kept != CALLS:
        raise AssertionError(f"{kept} of {CALLS} values were kept")
    with mlflow_server(folder) as (url, _, _):
        peer = float(json.loads(_run(_MLFLOW, dict(os.environ), str(PEER_CALLS), url)))
    note = f"99.9 % of the calls under {late:.0f} us"
    return [
        Figure("run.log", [median], "us", 10, "mlflow.log_metric, its own server", peer, note),
        Figure(f"flush of {CALLS:,} values", [flushed], "s", 3, "mlflow.log_metric, as many", peer * CALLS / 1e6),
    ]


def _run(program: str, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout.splitlines()[-1]
