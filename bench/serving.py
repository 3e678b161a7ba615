"""The scoring server beside Azure's own and the floor under both, on one entry script and model in the same minutes.

One worker each, wrk with 8 connections, one row of 784 numbers a request.
"""

from __future__ import annotations

from pathlib import Path

from bench.figure import Figure
from bench.scoring_load import Contender, by_turns, median, ours, prepare
from tests.serving.peer_server import python

ROUNDS = 12
CONNECTIONS = 8
MANY_CONNECTIONS = 64
_PEER = "azureml-inference-server-http 1.5.1"
_FLOOR = "a bare ASGI function on uvicorn"


def figures(folder: Path) -> list[Figure]:
    interpreter = python("scikit-learn", "uvicorn", "uvloop", "msgspec")
    prepare(folder, interpreter)
    return [*_beside_peers(interpreter, folder), _batched(interpreter, folder)]


def _beside_peers(interpreter: Path, folder: Path) -> list[Figure]:
    azure = ("-m", "azureml_inference_server_http.amlserver", "--entry_script", "score.py", "--model_dir", str(folder))
    floor = ("-m", "uvicorn", "--no-access-log", "--log-level", "error", "floor:app")
    contenders = {
        "zaffre": ours(interpreter, folder),
        "peer": Contender((str(interpreter), *azure, "--port", "{port}"), folder),
        "floor": Contender((str(interpreter), *floor, "--port", "{port}"), folder),
    }
    found = by_turns(contenders, CONNECTIONS, ROUNDS)
    mine, peer, bare = found["zaffre"], found["peer"], found["floor"]
    rate = f"{median(mine, 'per_second'):,.0f} requests/s"
    times = [one.micros for one in mine]
    name = f"one request of 784 numbers, {CONNECTIONS} connections"
    return [
        Figure(name, times, "us", peer_name=_PEER, peer=median(peer, "micros"), times=3.8, note=rate),
        Figure(name, times, "us", peer_name=_FLOOR, peer=median(bare, "micros"), times=0.92, note=rate),
        Figure(f"{name}, p99", [o.p99_ms for o in mine], "ms", peer_name=_PEER, peer=median(peer, "p99_ms"), times=6),
    ]


def _batched(interpreter: Path, folder: Path) -> Figure:
    contenders = {
        "batched": ours(interpreter, folder, "batched_score.py"),
        "plain": ours(interpreter, folder),
    }
    found = by_turns(contenders, MANY_CONNECTIONS, ROUNDS)
    return Figure(
        f"the same with @batched, {MANY_CONNECTIONS} connections",
        [one.micros for one in found["batched"]],
        "us",
        peer_name="the same without",
        peer=median(found["plain"], "micros"),
        times=2.5,
        note=f"{median(found['batched'], 'per_second'):,.0f} requests/s",
    )
