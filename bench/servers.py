"""A workspace server of the bench alone, as ``zaffre up`` starts it, and MLflow's server as its peer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.figure import Figure
from tests.server_process import clean_environment, free_port

IDLE_SECONDS = 3.0


def zaffre(home: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "zaffre.cli.main", *arguments],
        env=clean_environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@contextmanager
def workspace_server(home: Path) -> Iterator[float]:
    """A server of that home; yields the seconds from the start of ``zaffre up`` until it said that it is ready."""
    begun = time.perf_counter()
    zaffre(home, "up", "--port", str(free_port()))
    seconds = time.perf_counter() - begun
    try:
        yield seconds
    finally:
        zaffre(home, "down")


@contextmanager
def mlflow_server(folder: Path, workers: int = 1) -> Iterator[tuple[str, int, float]]:
    """MLflow's own server on SQLite (``folder``/mlflow.db): its URL, process and the seconds until it answered."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    begun = time.perf_counter()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", str(workers)),
            *("--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder)),
        ],
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(f"{url}/health")
        yield url, process.pid, time.perf_counter() - begun
    finally:
        for child in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
            child.kill()
        process.wait()


def resident_mib(pid: int) -> float:
    """Resident memory of a process and all that it started."""
    root = psutil.Process(pid)
    return sum(process.memory_info().rss for process in [root, *root.children(recursive=True)]) / 2**20


def figures(folder: Path) -> list[Figure]:
    ready = []
    for number in range(3):
        with workspace_server(folder / f"home-{number}") as seconds:
            ready.append(seconds)
            time.sleep(IDLE_SECONDS)
            memory = resident_mib(_pid(folder / f"home-{number}"))
    with mlflow_server(folder) as (_, pid, seconds):
        time.sleep(IDLE_SECONDS)
        peer_memory, peer_ready = resident_mib(pid), seconds
    return [
        Figure("zaffre up until ready", ready, "s", 2, "mlflow server, 1 worker", peer_ready),
        Figure("server memory, idle", [memory], "MiB", 150, "mlflow server, 1 worker", peer_memory),
    ]


def _pid(home: Path) -> int:
    return int(json.loads((home / "server.json").read_text())["pid"])


def _wait(url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own URL
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"{url} did not answer")
