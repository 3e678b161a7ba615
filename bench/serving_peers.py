"""The scoring server beside its open peers: one worker each, the same model on the same machine in the same minutes.

Each peer gets the 784 numbers as it documents: BentoML and LitServe call the entry script's model, MLflow serves the
model as its own. MLServer runs the scenario that it publishes: irises, 300 connections, batches over REST; it
works in its own process, like the one worker of each other server.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench.figure import Figure
from bench.scoring_load import Contender, Load, by_turns, median, ours, prepare
from bench.serving import CONNECTIONS, MANY_CONNECTIONS
from tests.server_process import free_port
from tests.serving.peer_server import environment, python

ROUNDS = 6
IRIS_CONNECTIONS = 300
_PACKAGES = ("scikit-learn", "numpy", "joblib")
_LABELS = {"bento": "BentoML 1.4", "lit": "LitServe 0.2", "mlflow": "MLflow 3 models serve", "mlserver": "MLServer 1.7"}


def figures(folder: Path) -> list[Figure]:
    interpreter = python("scikit-learn", "uvicorn", "uvloop", "msgspec")
    prepare(folder, interpreter)
    return [*_single(interpreter, folder), *_batched(interpreter, folder), *_irises(interpreter, folder)]


def _single(interpreter: Path, folder: Path) -> list[Figure]:
    mlflow = environment("bench-mlflow-3", ("mlflow==3.*", *_PACKAGES))
    subprocess.run([mlflow, "mlflow_model.py"], cwd=folder, check=True, capture_output=True)
    serve = ("models", "serve", "-m", "mlflow-model", "--env-manager", "local", "-w", "1", "-p", "{port}")
    contenders = {
        "zaffre": ours(interpreter, folder),
        "bento": _bento(folder, "/score"),
        "lit": _lit(folder, 1),
        "mlflow": Contender((str(mlflow.parent / "mlflow"), *serve), folder, "/invocations", "mlflow.json"),
    }
    found = by_turns(contenders, CONNECTIONS, ROUNDS)
    name = f"one request of 784 numbers, {CONNECTIONS} connections"
    return _beside(name, found.pop("zaffre"), found, None)


def _batched(interpreter: Path, folder: Path) -> list[Figure]:
    contenders = {
        "zaffre": ours(interpreter, folder, "batched_score.py"),
        "bento": _bento(folder, "/batched"),
        "lit": _lit(folder, MANY_CONNECTIONS),
    }
    found = by_turns(contenders, MANY_CONNECTIONS, ROUNDS)
    return _beside(f"the same in batches, {MANY_CONNECTIONS} connections", found.pop("zaffre"), found, 8)


def _irises(interpreter: Path, folder: Path) -> list[Figure]:
    mlserver = environment("bench-mlserver-1.7", ("mlserver==1.7.*", "mlserver-sklearn==1.7.*", *_PACKAGES))
    place = folder / "iris"
    subprocess.run([mlserver, "iris.py", place], cwd=folder, check=True)
    (place / "batched_score.py").write_bytes((folder / "batched_score.py").read_bytes())
    variables = ("MLSERVER_HTTP_PORT={port}", *(f"MLSERVER_{k}_PORT={free_port()}" for k in ("GRPC", "METRICS")))
    command = ("/usr/bin/env", *variables, str(mlserver.parent / "mlserver"), "start", ".")
    contenders = {
        "zaffre": ours(interpreter, place, "batched_score.py"),
        "mlserver": Contender(command, place, "/v2/models/iris/infer", "tensor.json"),
    }
    found = by_turns(contenders, IRIS_CONNECTIONS, ROUNDS, seconds=4)
    mine, peer = found["zaffre"], found["mlserver"]
    name = f"irises in batches, {IRIS_CONNECTIONS} connections"
    half = [one.p50_ms for one in mine]
    return [
        *_beside(name, mine, {"mlserver": peer}, 2),
        Figure(f"{name}, p50", half, "ms", peer_name=_LABELS["mlserver"], peer=median(peer, "p50_ms"), times=2),
    ]


def _beside(name: str, mine: list[Load], peers: dict[str, list[Load]], times: float | None) -> list[Figure]:
    micros = [one.micros for one in mine]
    rate = median(mine, "per_second")
    return [
        Figure(
            name,
            micros,
            "us",
            peer_name=_LABELS[peer],
            peer=median(loads, "micros"),
            times=times,
            note=f"{rate:,.0f} requests/s against {median(loads, 'per_second'):,.0f}",
        )
        for peer, loads in peers.items()
    ]


def _bento(folder: Path, path: str) -> Contender:
    bentoml = environment("bench-bentoml-1.4", ("bentoml==1.4.*", *_PACKAGES))
    serve = ("serve", "bento_score:Digits", "--host", "127.0.0.1", "--port", "{port}")
    return Contender((str(bentoml.parent / "bentoml"), *serve), folder, path)


def _lit(folder: Path, rows: int) -> Contender:
    litserve = environment("bench-litserve-0.2", ("litserve==0.2.*", *_PACKAGES))
    return Contender((str(litserve), "lit_score.py", "{port}", str(rows)), folder)
