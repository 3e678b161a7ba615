"""The promises of logging: fast, durable, and no harm to training when the server is away."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.server_process import ServerProcess, free_port
from zaffre.core.wire import MetricsAnswer
from zaffre.sdk.client import Client
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.metric_logger import MetricLogger
from zaffre.sdk.run import Run
from zaffre.sdk.scope import Scope
from zaffre.sdk.spool import FOLDER, replay_orphans
from zaffre.sdk.transport import Transport
from zaffre.sdk.workspace import Workspace

PATIENCE = 60.0


def values(run: Run, name: str) -> list[float]:
    answer = run._scope.client.get(run._route("metrics"), MetricsAnswer, name=name)
    return [float(value) for series in answer.series for value in series.values]


def start(server: ServerProcess, name: str = "away") -> Run:
    assert server.url
    return Experiment(Workspace("sub", "group", name), "trial").start_logging(snapshot_directory=None, outputs=False)


def test_log_returns_within_ten_microseconds(experiment: Experiment) -> None:
    run = experiment.start_logging(snapshot_directory=None, outputs=False)
    run.log("warm", 0.0)
    took = []
    for number in range(20_000):
        begin = time.perf_counter_ns()
        run.log("loss", number * 0.5)
        took.append(time.perf_counter_ns() - begin)
    run.complete()

    assert statistics.median(took) < 10_000
    assert len(values(run, "loss")) == 20_000


def test_a_hundred_thousand_values_are_durable_soon_after_flush(own_server: ServerProcess) -> None:
    run = start(own_server)
    for number in range(100_000):
        run.log("loss", float(number))
    begin = time.monotonic()
    run.flush()
    took = time.monotonic() - begin
    own_server.kill()
    own_server.start()

    assert values(run, "loss") == [float(number) for number in range(100_000)]
    assert took < 30  # three seconds on a machine that does nothing else
    print(f"flush of 100,000 values: {took:.2f} s")
    run.complete()


def test_values_wait_on_disk_while_the_server_is_away_and_follow_in_order(
    own_server: ServerProcess, caplog: pytest.LogCaptureFixture
) -> None:
    run = start(own_server)
    run.log("loss", 0)
    run.flush()
    own_server.kill()
    for number in range(1, 6):
        run.log("loss", number)
        begin = time.monotonic()
        run.flush()
        assert time.monotonic() - begin < 20
    (spooled,) = (own_server.home / FOLDER).glob("*.jsonl")
    assert run.id in spooled.read_text("utf-8")
    own_server.start()
    deadline = time.monotonic() + PATIENCE
    while len(values(run, "loss")) < 6 and time.monotonic() < deadline:
        time.sleep(0.1)

    assert values(run, "loss") == [0, 1, 2, 3, 4, 5]
    run.complete()
    assert run.status == "Completed"
    assert list((own_server.home / FOLDER).glob("*.jsonl")) == []
    told = [record.message for record in caplog.records if record.name == "zaffre"]
    assert any("does not answer" in text and "wait in" in text for text in told)
    assert any("answers again" in text for text in told)


def test_the_end_of_a_run_waits_with_its_values(
    own_server: ServerProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "a").write_text("a", "utf-8")
    workspace = Workspace("sub", "group", "away")
    run = Experiment(workspace, "trial").start_logging(snapshot_directory=None)
    own_server.kill()
    run.log("loss", 1)
    run.complete()
    assert "outputs were not uploaded" in caplog.text
    own_server.start()
    deadline = time.monotonic() + PATIENCE
    while run.status != "Completed" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert run.status == "Completed"
    assert values(run, "loss") == [1]


SCRIPT = """
import json, os, sys, time
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.run import Run
from zaffre.sdk.workspace import Workspace
run = Run(Experiment(Workspace("sub", "group", "away"), "trial"), sys.argv[1])
run.log("loss", 1)
run.flush()
os.kill(int(sys.argv[2]), 9)
time.sleep(0.2)
for number in range(2, 2000):
    run.log("loss", number)
print(json.dumps(time.time()))
"""


def test_a_process_ends_soon_and_the_next_one_sends_what_it_left(own_server: ServerProcess) -> None:
    run = start(own_server)
    assert own_server.process is not None
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, run.id, str(own_server.process.pid)],
        env=own_server.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    lasted = time.time() - json.loads(done.stdout)
    assert lasted < 15, "the process must not wait for a server that is away"
    assert "wait in" in done.stderr
    assert len(list((own_server.home / FOLDER).glob("*.jsonl"))) == 1
    own_server.process.wait()
    own_server.start()

    assert replay_orphans(Transport(own_server.url, "wrong-token"), own_server.home / FOLDER) == 0
    assert len(list((own_server.home / FOLDER).glob("*.jsonl"))) == 1
    assert replay_orphans(Transport(own_server.url, own_server.token), own_server.home / FOLDER) > 0
    assert values(run, "loss") == [float(number) for number in range(1, 2000)]
    assert list((own_server.home / FOLDER).glob("*.jsonl")) == []
    run.complete()


def test_a_server_that_takes_no_answer_does_not_hold_the_exit(tmp_path: Path) -> None:
    """A socket that accepts and says nothing: the worst that a network can do."""
    script = f"""
import socket, time
from pathlib import Path
from zaffre.sdk.client import Client
from zaffre.sdk.metric_logger import MetricLogger
from zaffre.sdk.scope import Scope
quiet = socket.socket(); quiet.bind(("127.0.0.1", 0)); quiet.listen()
url = f"http://127.0.0.1:{{quiet.getsockname()[1]}}"
logger = MetricLogger(Scope(Client(url, "t"), "ws"), "run", lambda: Path({str(tmp_path)!r}), fresh=True)
for number in range(10):
    logger.number("a", number, None)
time.sleep(1)
logger.number("b", 1.0, None)
print(time.time())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert time.time() - float(done.stdout) < 15
    (left,) = tmp_path.glob("*.jsonl")
    lines = [json.loads(line) for line in left.read_text("utf-8").splitlines()]
    names = [series["name"] for line in lines[1:] for series in json.loads(line["body"])["series"]]
    assert sorted(names) == ["a", "b"]


def test_a_refusal_is_told_and_takes_no_other_metric_with_it(
    experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    run = experiment.start_logging(snapshot_directory=None, outputs=False)
    for name in ("good", "half \ud800 a character", "fine"):
        run.log(name, 1)
        run.log_list(name, [1, 2])
    run.flush()
    run.log("good", 2)
    run.complete()

    metrics = run._scope.client.get(run._route("metrics"), MetricsAnswer)
    assert {series.name for series in metrics.series} == {record.name for record in metrics.records} == {"good", "fine"}
    told = [record.message for record in caplog.records if "were not kept" in record.message]
    assert len(told) == 1


def test_a_run_that_is_gone_is_told(server: ServerProcess, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    logger = MetricLogger(Scope(Client(server.url, server.token), "default"), "nobody", lambda: tmp_path, fresh=True)
    assert logger.flush(PATIENCE), "nothing is there to wait for"
    logger.number("a", 1, None)
    assert logger.flush(PATIENCE)
    assert any("'a' were not kept" in record.message for record in caplog.records)
    assert list(tmp_path.glob("*.jsonl")) == []


def test_a_disk_that_takes_nothing_keeps_values_in_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    occupied = tmp_path / "a-file"
    occupied.write_text("", "utf-8")
    client = Client(f"http://127.0.0.1:{free_port()}", "t")
    logger = MetricLogger(Scope(client, "ws"), "run", lambda: occupied, fresh=True)
    logger.number("a", 1, None)
    assert logger.flush(PATIENCE)
    assert any("wait in memory" in record.message for record in caplog.records)
    assert len(logger._spool) == 1
    logger._spool._waiting.clear()  # nothing may be left for the end of these tests


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_sends_its_own_values_once(experiment: Experiment) -> None:
    run = experiment.start_logging(snapshot_directory=None, outputs=False)
    run.log("parent", 1)
    child = os.fork()
    if child == 0:
        run.log("child", 2)
        run.flush()
        os._exit(0)
    os.waitpid(child, 0)
    run.complete()
    assert (values(run, "parent"), values(run, "child")) == ([1], [2])


MULTIPROCESSING = """
import multiprocessing, sys
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.run import Run
from zaffre.sdk.workspace import Workspace
run = Run(Experiment(Workspace("sub", "group", sys.argv[2]), "trial"), sys.argv[1])

def work():
    run.log("worker", 1)

if __name__ == "__main__":
    run.log("main", 1)
    worker = multiprocessing.get_context("fork").Process(target=work)
    worker.start(); worker.join()
"""


def test_workers_of_multiprocessing_send_at_their_end(
    server: ServerProcess, experiment: Experiment, tmp_path: Path
) -> None:
    run = experiment.start_logging(snapshot_directory=None, outputs=False)
    script = tmp_path / "work.py"
    script.write_text(MULTIPROCESSING, "utf-8")
    command = [sys.executable, str(script), run.id, experiment.workspace.name]
    subprocess.run(command, env=server.environment, timeout=120, check=True)
    assert (values(run, "main"), values(run, "worker")) == ([1], [1])
    run.complete()


def test_the_thread_ends_when_idle_and_starts_again(experiment: Experiment) -> None:
    run = experiment.start_logging(snapshot_directory=None, outputs=False)
    run.log("a", 1)
    deadline = time.monotonic() + PATIENCE
    while run._logger._running and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not run._logger._running
    run.log("a", 2)
    run.flush()
    assert values(run, "a") == [1, 2]
    run.complete()
