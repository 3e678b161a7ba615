"""Scoring servers on free ports, one after the other under wrk's load.

The rounds are short, so that the machine's other work meets all of them."""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import zaffre
from tests.server_process import free_port
from tests.serving.scoring_process import free_environment

PARTS = Path(__file__).parent / "scoring"
_READY_SECONDS = 180.0


@dataclass(frozen=True)
class Contender:
    """``command`` starts it in ``folder``, with ``{port}`` in place of its port; it answers ``body`` at ``path``."""

    command: tuple[str, ...]
    folder: Path
    path: str = "/score"
    body: str = "body.json"


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


def prepare(folder: Path, interpreter: Path) -> None:
    """Put the entry scripts and their model there. Raises ``FileNotFoundError`` where wrk is not installed."""
    if shutil.which("wrk") is None:
        raise FileNotFoundError("the figures of serving need wrk: apt-get install wrk")
    shutil.copytree(PARTS, folder, dirs_exist_ok=True)
    subprocess.run([interpreter, folder / "train.py", folder], check=True)


def ours(interpreter: Path, folder: Path, script: str = "score.py", body: str = "body.json") -> Contender:
    arguments = ("-m", "zaffre.serving", "--entry_script", script, "--model_dir", str(folder), "--port", "{port}")
    return Contender((str(interpreter), *arguments), folder, body=body)


def by_turns(
    contenders: Mapping[str, Contender], connections: int, rounds: int, seconds: int = 1
) -> dict[str, list[Load]]:
    """They are called one after the other, ``rounds`` times for ``seconds``; who is not called is stopped meanwhile, as
    some are busy while they wait."""
    found: dict[str, list[Load]] = {name: [] for name in contenders}
    with ExitStack() as stack:
        places = {}
        for name, one in contenders.items():
            places[name] = port, group = stack.enter_context(served(one))
            load(port, one, connections, seconds)  # what is made with the first calls is no part of the figures
            os.killpg(group, signal.SIGSTOP)
        for _ in range(rounds):
            for name, one in contenders.items():
                port, group = places[name]
                os.killpg(group, signal.SIGCONT)
                found[name].append(load(port, one, connections, seconds))
                os.killpg(group, signal.SIGSTOP)
    return found


def load(port: int, one: Contender, connections: int, seconds: int) -> Load:
    """A round of wrk; every answer must be 200."""
    options = ("-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency")
    done = subprocess.run(
        ["wrk", *options, "-s", str(PARTS / "load.lua"), f"http://127.0.0.1:{port}{one.path}"],
        env={**os.environ, "BODY": str(one.folder / one.body)},
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("figures"))
    rate, p50, p99, errors = (float(word) for word in line.split()[1:])
    if errors:
        raise AssertionError(f"{errors:.0f} requests of {one.command} failed:\n{done.stdout}")
    return Load(rate, p50, p99)


def median(loads: list[Load], of: str) -> float:
    values: list[float] = [getattr(one, of) for one in loads]
    return statistics.median(values)


@contextmanager
def served(one: Contender) -> Iterator[tuple[int, int]]:
    """A port where it answers, with one thread for each numerical library, and its group of processes."""
    port = free_port()
    variables = free_environment(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", AZUREML_MODEL_DIR=str(one.folder))
    is_ours = "zaffre.serving" in one.command
    variables["PYTHONPATH"] = str(Path(zaffre.__file__).parent.parent) if is_ours else str(one.folder)
    variables |= {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(one.folder), "MLFLOW_DISABLE_TELEMETRY": "true"}
    variables |= {"PATH": f"{Path(one.command[0]).parent}:{variables['PATH']}"}
    with (one.folder / f"log-{port}").open("wb") as log:
        process = subprocess.Popen(
            [word.format(port=port) for word in one.command],
            cwd=one.folder,
            env=variables,
            stdout=log,
            stderr=log,
            start_new_session=True,  # some peers leave processes behind: they are ended as one group
        )
    try:
        _wait(port, one, process)
        yield port, process.pid
    finally:
        os.killpg(process.pid, signal.SIGCONT)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wait(port: int, one: Contender, process: subprocess.Popen[bytes]) -> None:
    headers = {"Content-Type": "application/json"}
    body = (one.folder / one.body).read_bytes()
    deadline = time.monotonic() + _READY_SECONDS
    fault = ""
    while process.poll() is None and time.monotonic() < deadline:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{one.path}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - our own URL
                return
        except urllib.error.HTTPError as error:  # it listens, and its model is not loaded yet
            fault = f"{error}: {error.read().decode(errors='replace')[:500]}"
        except OSError as error:
            fault = str(error)
        time.sleep(0.1)
    raise TimeoutError(f"{one.command} does not answer: {fault}\n{(one.folder / f'log-{port}').read_text()[-3000:]}")
