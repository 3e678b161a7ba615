"""The scoring server beside Azure's own and the floor under both, on one entry script and model in the same minutes.

One worker each, wrk with 8 connections, one row of 784 numbers a request.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import zaffre
from bench.figure import Figure
from tests.server_process import free_port
from tests.serving.peer_server import python
from tests.serving.scoring_process import free_environment

ROUNDS = 12  # short ones, by turns: the machine's other work meets all of them
SECONDS = 1
CONNECTIONS = 8
MANY_CONNECTIONS = 64
_PARTS = Path(__file__).parent / "scoring"
_PEER = "azureml-inference-server-http 1.5.1"
_FLOOR = "a bare ASGI function on uvicorn"


@dataclass(frozen=True)
class Load:
    """What one round of wrk saw."""

    per_second: float
    p50_ms: float
    p99_ms: float

    @property
    def micros(self) -> float:
        """Time for each request, with all connections busy."""
        return 1e6 / self.per_second


def figures(folder: Path) -> list[Figure]:
    if shutil.which("wrk") is None:
        raise FileNotFoundError("the figures of serving need wrk: apt-get install wrk")
    interpreter = str(python("scikit-learn", "uvicorn", "uvloop", "msgspec"))
    shutil.copytree(_PARTS, folder, dirs_exist_ok=True)
    subprocess.run([interpreter, folder / "train.py", folder], check=True)
    return [*_beside_peers(interpreter, folder), _batched(interpreter, folder)]


def _beside_peers(interpreter: str, folder: Path) -> list[Figure]:
    script = ("--entry_script", "score.py", "--model_dir", str(folder))
    commands = {
        "zaffre": ("-m", "zaffre.serving", *script),
        "peer": ("-m", "azureml_inference_server_http.amlserver", *script),
        "floor": ("-m", "uvicorn", "--no-access-log", "--log-level", "error", "floor:app"),
    }
    found = _by_turns(interpreter, folder, commands, CONNECTIONS)
    ours, peer, floor = found["zaffre"], found["peer"], found["floor"]
    rate = f"{statistics.median(one.per_second for one in ours):,.0f} requests/s"
    times = [one.micros for one in ours]
    name = f"one request of 784 numbers, {CONNECTIONS} connections"
    return [
        Figure(name, times, "us", peer_name=_PEER, peer=_median(peer, "micros"), times=3.8, note=rate),
        Figure(name, times, "us", peer_name=_FLOOR, peer=_median(floor, "micros"), times=0.92, note=rate),
        Figure(f"{name}, p99", [o.p99_ms for o in ours], "ms", peer_name=_PEER, peer=_median(peer, "p99_ms"), times=6),
    ]


def _batched(interpreter: str, folder: Path) -> Figure:
    commands = {
        name: ("-m", "zaffre.serving", "--entry_script", f"{name}.py", "--model_dir", str(folder))
        for name in ("score", "batched_score")
    }
    found = _by_turns(interpreter, folder, commands, MANY_CONNECTIONS)
    batched, plain = found["batched_score"], found["score"]
    return Figure(
        f"the same with @batched, {MANY_CONNECTIONS} connections",
        [one.micros for one in batched],
        "us",
        peer_name="the same without",
        peer=_median(plain, "micros"),
        times=2.5,
        note=f"{statistics.median(one.per_second for one in batched):,.0f} requests/s",
    )


def _by_turns(
    interpreter: str, folder: Path, commands: Mapping[str, tuple[str, ...]], connections: int
) -> dict[str, list[Load]]:
    found: dict[str, list[Load]] = {name: [] for name in commands}
    with ExitStack() as stack:
        ports = {name: stack.enter_context(_served(interpreter, folder, *commands[name])) for name in commands}
        for _ in range(ROUNDS):
            for name, port in ports.items():
                found[name].append(load(port, folder / "body.json", connections))
    return found


def load(port: int, body: Path, connections: int) -> Load:
    """A round of wrk; every answer must be 200."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-s", str(_PARTS / "load.lua")]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/score"],
        env={**os.environ, "BODY": str(body)},
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("figures"))
    rate, p50, p99, errors = (float(word) for word in line.split()[1:])
    if errors:
        raise AssertionError(f"{errors:.0f} requests failed:\n{done.stdout}")
    return Load(rate, p50, p99)


def _median(loads: list[Load], of: str) -> float:
    values: list[float] = [getattr(one, of) for one in loads]
    return statistics.median(values)


@contextmanager
def _served(interpreter: str, folder: Path, *arguments: str) -> Iterator[int]:
    """A port where that answers, with one thread for each numerical library."""
    port = free_port()
    variables = free_environment(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", AZUREML_MODEL_DIR=str(folder))
    variables["PYTHONPATH"] = str(Path(zaffre.__file__).parent.parent) if "zaffre.serving" in arguments else ""
    process = subprocess.Popen(
        [interpreter, *arguments, "--port", str(port)],
        cwd=folder,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                return
        except urllib.error.HTTPError:
            return  # the floor has no health
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing answers at port {port}")
