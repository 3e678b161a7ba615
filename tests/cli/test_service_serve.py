"""``zaffre service serve`` and ``debug``: an entry script in the terminal, without a workspace."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.serving.peer_server import python
from tests.serving.scoring_process import free_environment
from tests.waiting import until

SECONDS = 60.0
SCRIPT = (
    "import os\ndef init(): pass\ndef run(data): return [data, os.path.basename(os.environ['AZUREML_MODEL_DIR'])]\n"
)


class Terminal:
    """A command that stays, and what it wrote."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.process = process

    def text(self) -> str:
        return (self.folder / "terminal").read_text()

    def wait_for(self, words: str) -> str:
        until(lambda: words in self.text() or self.process.poll() is not None, words, SECONDS)
        assert words in self.text(), self.text()
        return self.text()

    def address(self) -> str:
        return self.wait_for("ready on ").partition("ready on ")[2].split()[0]


@contextmanager
def terminal(folder: Path, *arguments: str, interpreter: str = sys.executable, **variables: str) -> Iterator[Terminal]:
    (folder / "score.py").write_text(SCRIPT)
    with (folder / "terminal").open("wb") as out:
        process = subprocess.Popen(
            [interpreter, "-m", "zaffre.cli.main", "service", *arguments],
            cwd=folder,
            env=free_environment(**variables),
            stdout=out,
            stderr=out,
        )
    try:
        yield Terminal(folder, process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(SECONDS)


def test_a_script_is_served_until_ctrl_c(tmp_path: Path) -> None:
    with terminal(tmp_path, "serve", "score.py", "--model-dir", "weights", "--port", "0", "--workers", "2") as shell:
        assert httpx.post(shell.address(), content="x", timeout=SECONDS).json() == ["x", "weights"]
        shell.process.send_signal(signal.SIGINT)
        assert shell.process.wait(SECONDS) == 0
        assert shell.text().count("imported in") == 2
        assert shell.text().endswith("The scoring server has stopped.\n")


def test_the_flags_of_azmlinfsrv_are_taken(tmp_path: Path) -> None:
    given = ["--entry_script", "score.py", "--model_dir", "m", "--port", "0", "--worker_count", "1"]
    origins = ["--access_control_allow_origins", "http://a.example"]
    with terminal(tmp_path, "serve", *given, *origins) as shell:
        answer = httpx.post(shell.address(), content="1", headers={"origin": "http://a.example"}, timeout=SECONDS)
        assert answer.json() == ["1", "m"]
        assert answer.headers["access-control-allow-origin"] == "http://a.example"


def test_the_settings_of_azmlinfsrv_are_taken_from_a_file_and_the_environment(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({"SERVICE_NAME": "of the file", "SERVICE_VERSION": "3"}))
    given = ["--config_file", "settings.json", "--port", "0"]
    variables = {"AZUREML_ENTRY_SCRIPT": "score.py", "AZUREML_MODEL_DIR": "m", "SERVICE_NAME": "of the environment"}
    with terminal(tmp_path, "serve", *given, **variables) as shell:
        url = shell.address().replace("/score", "/swagger.json")
        info = httpx.get(url, timeout=SECONDS).json()["info"]
        assert (info["title"], info["version"]) == ("of the environment", "3")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["missing.py", "--port", "0"], 7, "there is no entry script at"),
        (["score.py", "--entry-script", "score.py"], 2, "not both"),
        (["score.py", "--appinsights_instrumentation_key", "x"], 2, "there is no Application Insights"),
        (["score.py", "--workers", "-1"], 2, "WORKER_COUNT must be a whole number above 0"),
        (["score.py", "--config-file", "none.json"], 2, "is not there"),
    ],
)
def test_what_cannot_be_served_is_told(tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    with terminal(tmp_path, "serve", *arguments) as shell:
        assert shell.process.wait(SECONDS) == code
        assert words in shell.text()


def test_a_port_that_is_taken_is_a_conflict(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with terminal(tmp_path, "serve", "score.py", "--port", str(other.getsockname()[1])) as shell:
            assert shell.process.wait(SECONDS) == 5
            assert "cannot be used" in shell.text()


def test_the_server_ends_with_a_command_that_is_killed(tmp_path: Path) -> None:
    with terminal(tmp_path, "serve", "score.py", "--model-dir", "m", "--port", "0") as shell:
        url = shell.address()
        os.kill(shell.process.pid, signal.SIGKILL)

        def is_gone() -> bool:
            try:
                httpx.get(url, timeout=SECONDS)
            except httpx.TransportError:
                return True
            return False

        until(is_gone, "the end of the server", SECONDS)


def test_debugging_needs_debugpy(tmp_path: Path) -> None:
    with terminal(tmp_path, "debug", "score.py", "--port", "0") as shell:
        assert shell.process.wait(SECONDS) == 7
        assert "pip install debugpy" in shell.text()


def ask(editor: socket.socket, number: int, command: str, arguments: dict[str, object]) -> None:
    """One request of the debug adapter protocol."""
    body = json.dumps({"seq": number, "type": "request", "command": command, "arguments": arguments}).encode()
    editor.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


def test_a_debugger_attaches_before_init_and_stops_in_run(tmp_path: Path) -> None:
    (tmp_path / "score.py").write_text("def init(): pass\ndef run(data):\n    found = data\n    return found\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    source = str(Path(__file__).parents[2] / "src")
    arguments = ["--port", "0", "--entry-script", "score.py", "--model-dir", "m", "--status-file", "status.json"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(python("debugpy")), "-m", "zaffre.serving", *arguments, "--debug-listen", str(port)],
            cwd=tmp_path,
            env=free_environment(PYTHONPATH=source),
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: "waiting for a debugger" in (tmp_path / "log").read_text(), "the wait", SECONDS)
        assert not (tmp_path / "status.json").exists()
        with socket.create_connection(("127.0.0.1", port), SECONDS) as editor:
            ask(editor, 1, "initialize", {"adapterID": "test"})
            ask(editor, 2, "attach", {"name": "test"})
            heard = b""
            while b'"initialized"' not in heard:
                heard += editor.recv(65536)
            place: dict[str, object] = {"path": str(tmp_path / "score.py")}
            ask(editor, 3, "setBreakpoints", {"source": place, "breakpoints": [{"line": 4}]})
            ask(editor, 4, "configurationDone", {})
            until(lambda: "ready on" in (tmp_path / "log").read_text(), "readiness", SECONDS)
            address = json.loads((tmp_path / "status.json").read_text())["address"]
            with ThreadPoolExecutor(1) as pool:
                scored = pool.submit(httpx.post, f"http://{address}/score", content="[1]", timeout=SECONDS)
                while b'"stopped"' not in heard:  # in run(), on the line of the breakpoint
                    assert not scored.done()
                    heard += editor.recv(65536)
                thread = int(re.findall(rb'"threadId": ?(\d+)', heard[heard.index(b'"stopped"') :])[0])
                ask(editor, 5, "continue", {"threadId": thread})
                assert scored.result().status_code == 200
    finally:
        process.terminate()
        process.wait(SECONDS)
