"""``zaffre migrate mlflow``: what it prints and answers, and that a killed one goes on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

os.environ["DO_NOT_TRACK"] = "true"  # read when mlflow is imported: it would report to its makers

import pytest
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

from tests.server_process import ServerProcess

RUNS = 40
POINTS = 2000
SECONDS = 300.0  # generous: the machine may be busy with other tests

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),  # SQLAlchemy about MLflow's own code
    pytest.mark.timeout(600),
]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow makes a store of its own in the working directory, whatever store it was asked about."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A SQLite store of many runs, with a file and a long metric each. Tests only read it."""
    folder = tmp_path_factory.mktemp("store")
    uri = f"sqlite:///{folder}/mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        client = MlflowClient(uri)
        experiment = client.create_experiment("many", artifact_location=(folder / "files").as_uri())
        for number in range(RUNS):
            run = client.create_run(experiment, start_time=1000 + number, run_name=f"run {number}").info.run_id
            for at in range(0, POINTS, 1000):
                points = [Metric("loss", step * 0.5, step, step) for step in range(at, at + 1000)]
                client.log_batch(run, metrics=points)
            client.log_text(run, "x" * 20_000, "notes/log.txt")
            client.set_terminated(run, end_time=5000 + number)
    return uri


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "zaffre.cli.main", "migrate", "mlflow", *arguments]


def run(server: ServerProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        env={**server.environment, "DO_NOT_TRACK": "true"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_a_killed_migration_goes_on(server: ServerProcess, workspace_name: str, store: str) -> None:
    killed = subprocess.Popen(
        command(store, "--workspace", workspace_name, "--workers", "1"),
        env={**server.environment, "DO_NOT_TRACK": "true"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: complete(server, workspace_name) >= 3)
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=30)
    before = complete(server, workspace_name)
    assert 3 <= before < RUNS

    done = run(server, store, "--workspace", workspace_name, "--output", "json")
    assert done.returncode == 0, done.stderr
    counted = json.loads(done.stdout)
    assert counted["problems"] == []
    assert counted["source"] == counted["target"]
    assert (counted["target"]["runs"], counted["target"]["metric points"]) == (RUNS, RUNS * POINTS)
    assert counted["target"]["bytes"] == RUNS * 20_000
    assert before <= counted["found_runs"] < RUNS
    assert complete(server, workspace_name) == RUNS


def test_counts_are_shown_and_a_difference_is_an_error(server: ServerProcess, workspace_name: str, store: str) -> None:
    shown = run(server, store, "--workspace", workspace_name, "--dry-run")
    assert (shown.returncode, f"{RUNS} to copy" in shown.stdout) == (0, True), shown
    first = run(server, store, "--workspace", workspace_name, "--experiment", "many")
    assert first.returncode == 0, first.stderr
    assert f"{RUNS * POINTS:,} of {RUNS * POINTS:,}" in first.stdout
    lost = api(server, "GET", f"/api/v1/workspaces/{workspace_name}/runs?limit=1")["items"][0]["id"]
    api(server, "DELETE", f"/api/v1/workspaces/{workspace_name}/runs/{lost}/artifacts/notes/log.txt")
    second = run(server, store, "--workspace", workspace_name)
    assert second.returncode == 1
    assert f"run {lost} differs: files 0 of 1, bytes 0 of 20000." in second.stderr
    assert "Not all of it is here" in second.stderr


@pytest.mark.parametrize(
    ("uri", "code", "words"),
    [("sqlite:///none.db", 3, "no SQLite file"), ("ftp://x", 1, "nothing to migrate from")],
)
def test_what_cannot_be_read_is_said(server: ServerProcess, uri: str, code: int, words: str) -> None:
    done = run(server, uri)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr


def test_a_server_that_does_not_let_in_is_said(server: ServerProcess) -> None:
    """As MLflow's own server does it with its users."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"You are not authenticated."
            self.send_response(401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: only the answer counts."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
        thread = threading.Thread(target=closed.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            done = run(server, f"http://ada:s3cret-word@127.0.0.1:{closed.server_address[1]}")
        finally:
            closed.shutdown()
            thread.join()
    assert (done.returncode, done.stdout) == (6, "")
    assert "MLFLOW_TRACKING_USERNAME" in done.stderr
    assert "Traceback" not in done.stderr
    assert "s3cret-word" not in done.stderr


def test_a_server_that_is_not_there_is_said_at_once(server: ServerProcess) -> None:
    with socket.socket() as silent:  # bound, so that nobody else takes the port, and not listening
        silent.bind(("127.0.0.1", 0))
        done = run(server, f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert done.returncode == 4
    assert "No MLflow server answers" in done.stderr


def test_without_mlflow_it_says_what_to_install(server: ServerProcess, tmp_path: Path) -> None:
    (tmp_path / "mlflow.py").write_text("raise ImportError('not here')\n")
    done = subprocess.run(
        command("http://127.0.0.1:1"),
        env={**server.environment, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode != 0
    assert "pip install mlflow" in done.stderr


def api(server: ServerProcess, method: str, path: str) -> Any:
    import urllib.request

    request = urllib.request.Request(  # noqa: S310 - our own URL
        server.url + path, method=method, headers={"Authorization": f"Bearer {server.token}"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read() or b"null")


def complete(server: ServerProcess, workspace: str) -> int:
    """How many runs of the workspace are copied whole."""
    path = f"/api/v1/workspaces/{workspace}/runs?property=zaffre.migration&limit=100"
    try:
        return len(api(server, "GET", path)["items"])
    except OSError:
        return 0  # the workspace is not there yet


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
