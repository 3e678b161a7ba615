"""The server goes away while a run goes on: nothing of the run may be lost, and the run must not notice."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.runner.submission import Submission, submitted, until
from tests.server_process import ServerProcess, free_port
from zaffre.core.states import RunStatus
from zaffre.core.wire import MetricsAnswer

# Prints and writes while the server is away, as long as the file "go" is missing.
WAITING = """
import os, time, pathlib
print('before', flush=True)
i = 0
while not os.path.exists(os.environ['GO']):
    print('during', i, flush=True)
    i += 1
    time.sleep(0.02)
pathlib.Path('outputs/result.txt').write_text('result')
print('after')
"""


def started(server: ServerProcess, go: Path) -> Submission:
    run = submitted(server, "absence", WAITING, variables={"GO": str(go)})
    until(lambda: "during 5" in run.log(), "the first lines")
    return run


def check_complete(run: Submission) -> None:
    assert run.read("outputs/result.txt") == "result"
    lines = run.log().splitlines()
    assert lines[0] == "before"
    assert lines[-1] == "after"
    assert lines[1:-1] == [f"during {i}" for i in range(len(lines) - 2)]
    assert not run.spool.exists()


def test_the_server_is_killed_and_comes_back(own_server: ServerProcess, tmp_path: Path) -> None:
    run = started(own_server, tmp_path / "go")
    own_server.kill()
    printed = run.spool / "driver.txt"
    until(lambda: "during 200" in printed.read_text(), "the run going on")
    own_server.start()
    until(lambda: "during 200" in run.log(), "the runner catching up")
    assert run.now().status is RunStatus.RUNNING
    (tmp_path / "go").touch()
    run.finish(RunStatus.COMPLETED)
    check_complete(run)


def test_the_server_is_away_when_the_run_ends(own_server: ServerProcess, tmp_path: Path) -> None:
    run = started(own_server, tmp_path / "go")
    own_server.kill()
    (tmp_path / "go").touch()
    until(lambda: "after" in (run.spool / "driver.txt").read_text(), "the end of the program")
    time.sleep(1)  # the runner has tried to tell the server more than once
    assert run.process.poll() is None
    own_server.start()
    run.finish(RunStatus.COMPLETED)
    check_complete(run)


LOGGING = """
import os, time
from azureml.core import Run
run = Run.get_context()
i = 0
while not os.path.exists(os.environ['GO']):
    run.log('i', i)
    print('logged', i, flush=True)
    i += 1
    time.sleep(0.05)
print('last', i - 1, flush=True)
"""


@pytest.mark.parametrize("moves", [False, True])
def test_values_that_the_program_could_not_send_are_sent_for_it(
    own_server: ServerProcess, tmp_path: Path, moves: bool
) -> None:
    go = tmp_path / "go"
    run = submitted(own_server, "absence", LOGGING, variables={"GO": str(go)})
    until(lambda: "logged 5" in run.log(), "the first values")
    own_server.kill()
    printed = run.spool / "driver.txt"
    count = printed.read_text().count("logged")
    until(lambda: printed.read_text().count("logged") > count + 30, "the run going on")
    go.touch()
    until(lambda: "last" in printed.read_text(), "the end of the program")
    time.sleep(1)
    own_server.port = free_port() if moves else own_server.port
    own_server.start()
    run.finish(RunStatus.COMPLETED)
    last = int(run.log().split("last ")[1])
    answer = run.client.get(f"{run.path}/metrics", MetricsAnswer)
    assert [series.values for series in answer.series] == [list(range(last + 1))]


def test_a_client_that_waits_catches_up_with_a_server_that_was_killed(
    own_server: ServerProcess, tmp_path: Path
) -> None:
    run = started(own_server, tmp_path / "go")
    code = (
        "import sys\nfrom azureml.core import Experiment, Run, Workspace\n"
        "run = Run(Experiment(Workspace.get('absence'), 'trial'), sys.argv[1])\n"
        "run.wait_for_completion(show_output=True)\nprint('status', run.get_status())\n"
    )
    output = tmp_path / "client.txt"
    with output.open("wb") as stdout:
        client = subprocess.Popen(
            [sys.executable, "-c", code, run.run.id],
            env=own_server.environment,
            stdout=stdout,
            stderr=subprocess.STDOUT,
        )
    until(lambda: "during 5" in output.read_text(), "the client following")
    own_server.kill()
    until(lambda: "waiting for the server" in output.read_text(), "the client noticing")
    own_server.start()
    (tmp_path / "go").touch()
    run.finish(RunStatus.COMPLETED)
    assert client.wait(60) == 0, output.read_text()
    text = output.read_text()
    assert "status Completed" in text
    written = run.log().splitlines()
    followed = [line for line in text.splitlines() if line in written]
    assert followed == written


def test_the_server_comes_back_on_another_port(own_server: ServerProcess, tmp_path: Path) -> None:
    run = started(own_server, tmp_path / "go")
    own_server.kill()
    own_server.port = free_port()
    own_server.start()
    (tmp_path / "go").touch()
    run.finish(RunStatus.COMPLETED)
    check_complete(run)


def test_a_server_that_stays_away_does_not_keep_the_runner_for_ever(own_server: ServerProcess, tmp_path: Path) -> None:
    run = submitted(
        own_server, "absence", WAITING, variables={"GO": str(tmp_path / "go"), "ZAFFRE_RUNNER_PATIENCE": "2"}
    )
    until(lambda: "during 5" in run.log(), "the first lines")
    own_server.kill()
    (tmp_path / "go").touch()
    assert run.process.wait(60) == 1
    assert "Not everything reached the server" in run.output()
    assert (run.folder / "outputs" / "result.txt").read_text() == "result"
    assert (run.spool / "driver.txt").read_text().splitlines()[-1].startswith("[zaffre]") or "after" in (
        run.spool / "driver.txt"
    ).read_text()


def test_a_server_that_is_away_at_the_start_is_waited_for(own_server: ServerProcess, tmp_path: Path) -> None:
    run = Submission(own_server, "absence", {"train.py": WAITING}, {}, {"GO": str(tmp_path / "go")}).submit()
    (tmp_path / "go").touch()
    own_server.kill()
    run.start()
    time.sleep(1)
    own_server.start()
    run.finish(RunStatus.COMPLETED)
    assert run.read("outputs/result.txt") == "result"


def test_a_run_that_was_canceled_while_the_server_was_away_ends(own_server: ServerProcess, tmp_path: Path) -> None:
    """SIGTERM asks the runner itself to cancel: a machine that shuts down does that."""
    run = started(own_server, tmp_path / "go")
    own_server.kill()
    run.process.terminate()
    until(lambda: "is canceled" in (run.spool / "driver.txt").read_text(), "the cancel")
    own_server.start()
    run.finish(RunStatus.CANCELED)


def test_a_run_that_the_server_gave_up_is_taken_back(own_server: ServerProcess, tmp_path: Path) -> None:
    run = started(own_server, tmp_path / "go")
    run.client.patch(run.path, dict, {"status": "Failed", "error": {"code": "ServiceError", "message": "lost"}})
    run.wait_for(RunStatus.RUNNING, RunStatus.FAILED)
    until(lambda: run.now().status is RunStatus.RUNNING, "the run's return")
    (tmp_path / "go").touch()
    ended = run.finish(RunStatus.COMPLETED)
    assert ended.error is None
    check_complete(run)


def test_a_run_that_is_deleted_goes_on_and_its_runner_ends_with_it(own_server: ServerProcess, tmp_path: Path) -> None:
    run = started(own_server, tmp_path / "go")
    run.client.delete(run.path)
    (tmp_path / "go").touch()
    assert run.process.wait(60) in (0, 1)
    assert "after" in run.log()


@pytest.mark.parametrize("missing", ["ZAFFRE_TOKEN", "AZUREML_RUN_ID"])
def test_a_wrong_start_names_what_is_missing(own_server: ServerProcess, missing: str) -> None:
    run = Submission(own_server, "absence", {"train.py": ""}, {}, {missing: ""}).submit().start()
    assert run.process.wait(60) == 2
    assert f"{missing} must be set" in run.output()
