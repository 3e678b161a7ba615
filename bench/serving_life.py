"""What a service goes through: the start of a process, updates under load, a million requests."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from bench.figure import Figure
from bench.scoring_load import load, ours, prepare, served
from tests.sdk.services import config, user_managed, write
from tests.server_process import ServerProcess
from tests.serving.peer_server import python
from tests.serving.scoring_process import ScoringProcess
from tests.steady_load import SteadyLoad
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

STARTS = 7
UPDATES = 4  # and as many back
PER_SECOND = 500
REQUESTS = 1_000_000
CONNECTIONS = 8
SLICE_SECONDS = 5
_WARM = 0.2  # of the requests, after which memory is looked at
_SECONDS = 300.0
_QUICK = 0.002  # what a call of the revision before takes
_OWN_FAULT = "An unexpected error occurred in scoring script"
_WORSE = """
import json, time
calls = 0
def init(): pass
def run(data):
    global calls
    calls += 1
    time.sleep({seconds})
    if {fails} and calls % 5 == 0:
        raise ValueError("badly made")
    return [json.loads(data), {number}]
"""
_SCRIPT = "import json\ndef init(): pass\ndef run(data): return [json.loads(data), {number}]\n"


def starts(folder: Path) -> list[Figure]:
    """The start of a serving process until it is ready, without the script's own import and ``init()``."""
    found = []
    for _ in range(STARTS):
        (folder / "status.json").unlink(missing_ok=True)
        service = ScoringProcess(folder, _SCRIPT.format(number=0))
        begun = time.perf_counter()
        service.launch()
        while not service.status_file.exists() or service.status()["stage"] != "ready":
            if service.process.poll() is not None:
                raise AssertionError(service.log())
            time.sleep(0.005)
        seconds = time.perf_counter() - begun
        status = service.status()
        found.append(seconds - status.get("import_seconds", 0.0) - status.get("init_seconds", 0.0))
        service.end()
        service.http.close()
    return [Figure("a replica's process until it is ready, without its init()", found, "s", 1.0)]


def updates(folder: Path) -> list[Figure]:
    """A service that is changed and changed back while 500 requests a second go on."""
    return _deployed(folder, _SCRIPT.format(number=0), 1, {}, _under_load)


def roll_backs(folder: Path) -> list[Figure]:
    """The same load while a service is changed for the worse, which it takes back by itself: once for a revision that
    fails each fifth request, once for one that takes five times as long."""
    limits = {"max_error_rate": 0.1, "max_latency_ms": 1000 * 3 * _QUICK, "min_requests": 100}
    return _deployed(folder, _WORSE.format(number=0, seconds=_QUICK, fails=0), 4, limits, _taken_back)


def _deployed(
    folder: Path,
    script: str,
    workers: int,
    rollout: dict[str, float],
    measure: Callable[[LocalWebservice], list[Figure]],
) -> list[Figure]:
    os.environ["ZAFFRE_HOME"] = str(folder / "home")
    server = ServerProcess(folder / "home").start()
    os.chdir(folder)
    try:
        write(script)
        environment = user_managed(WORKER_COUNT=str(workers))
        inference = InferenceConfig("score.py", source_directory="source", environment=environment)
        local = LocalWebservice.deploy_configuration()
        if rollout:
            local.rollout = rollout
        service = Model.deploy(Workspace("s", "g", "default"), "rolled", [], inference, local)
        assert isinstance(service, LocalWebservice)
        service.wait_for_deployment(timeout_sec=_SECONDS)
        try:
            return measure(service)
        finally:
            service.delete()
    finally:
        os.chdir("/")
        server.stop()
        del os.environ["ZAFFRE_HOME"]


def _under_load(service: LocalWebservice) -> list[Figure]:
    assert service.scoring_uri is not None
    seconds = []
    with SteadyLoad(service.scoring_uri, b"7", PER_SECOND, CONNECTIONS) as steady:
        for number in range(2 * UPDATES):
            wanted = 1 - number % 2
            write(_SCRIPT.format(number=wanted))
            begun = time.perf_counter()
            service.update(inference_config=config())
            service.wait_for_deployment(timeout_sec=_SECONDS)
            while steady.latest != b"[7, %d]" % wanted:
                time.sleep(0.005)
            seconds.append(time.perf_counter() - begun)
    note = f"{steady.answers.total():,} requests, {steady.per_second:.0f} a second, {2 * UPDATES} changes"
    if steady.failures:
        note += f"; the first: {steady.failures[0]}"
    return [
        Figure("failed requests while a service is updated and rolled back", [len(steady.failures)], "", 1, note=note),
        Figure("such an update, until its first answer", seconds, "s", 3.0),
    ]


def _taken_back(service: LocalWebservice) -> list[Figure]:
    assert service.scoring_uri is not None
    words = {1: "fails a fifth of its calls", 2: "is five times slower"}
    scripts = {
        1: _WORSE.format(number=1, seconds=_QUICK, fails=1),
        2: _WORSE.format(number=2, seconds=5 * _QUICK, fails=0),
    }
    figures = []
    with SteadyLoad(service.scoring_uri, b"7", PER_SECOND, CONNECTIONS) as steady:
        for number, script in scripts.items():
            bad = b"[7, %d]" % number
            write(script)
            service.reload()
            ends = time.monotonic() + _SECONDS
            while not (bad in steady.first and service.error is not None) and time.monotonic() < ends:
                time.sleep(0.1)
                service.update_deployment_state()
            time.sleep(1)  # what would still go wrong
            seconds = steady.last[bad] - steady.first[bad]
            figures.append(Figure(f"a revision that {words[number]}, until it has no traffic", [seconds], "s", 5.0))
    own = sum(_OWN_FAULT in one for one in steady.failures)
    note = f"{steady.answers.total():,} answers, {steady.per_second:.0f} a second; {own} calls of bad revisions failed"
    lost = [one for one in steady.failures if _OWN_FAULT not in one]
    if lost:
        note += f"; the first: {lost[0]}"
    name = "requests that fail in a roll-back, but for those that run() failed"
    return [Figure(name, [len(lost)], "", 1, note=note), *figures]


def soak(folder: Path) -> list[Figure]:
    """A million requests: how much the service's memory grows over them. The script sends back what it gets, so that
    what grows is the server's."""
    interpreter = python("scikit-learn", "uvicorn", "uvloop", "msgspec")
    prepare(folder, interpreter)
    contender = ours(interpreter, folder, "echo_score.py", "row.json")
    (folder / contender.body).write_text('{"data": [[1, 2, 3, 4]]}')
    done, sizes = 0.0, []
    with served(contender) as (port, _):
        processes = _of(port)
        while done < REQUESTS:
            done += load(port, contender, CONNECTIONS, SLICE_SECONDS).per_second * SLICE_SECONDS
            sizes.append((done, sum(one.memory_info().rss for one in processes) / 2**20))
            sys.stdout.write(f"\r{done:,.0f} requests, {sizes[-1][1]:.1f} MiB")
            sys.stdout.flush()
    sys.stdout.write("\n")
    kept = [(count, size) for count, size in sizes if count > _WARM * REQUESTS]
    slope, _ = statistics.linear_regression([c for c, _ in kept], [s for _, s in kept])
    growth = max(0.0, 100 * slope * REQUESTS / kept[0][1])
    note = f"{done:,.0f} requests without an error, {kept[0][1]:.1f} MiB to {kept[-1][1]:.1f} MiB"
    return [Figure("memory's growth over a million requests", [growth], "%", 1.0, note=note)]


def _of(port: int) -> list[psutil.Process]:
    """The processes of this one's that serve at that port."""
    for one in psutil.Process().children():
        if str(port) in one.cmdline():
            return [one, *one.children(recursive=True)]
    raise AssertionError(f"no process serves at port {port}")
