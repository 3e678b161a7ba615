"""Finding the server, or starting it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from tests.server_process import ServerProcess, clean_environment, free_port
from zaffre.core.errors import AuthenticationException, InvalidValue, ServerUnavailable
from zaffre.sdk import discovery
from zaffre.sdk.discovery import connect, find_server, start_server
from zaffre.sdk.discovery import home as home_of

LIGHT = ("httpx", "httpcore", "h11", "anyio", "idna", "certifi", "msgspec", "yaml", "pathspec", "typing_extensions")


@pytest.fixture
def started(home: Path) -> Iterator[Path]:
    """A home whose server, if one gets started, is ended."""
    yield home
    info = discovery._recorded(home)
    if info is not None:
        os.kill(info.pid, signal.SIGTERM)
        deadline = time.monotonic() + 30
        while (home / "server.json").exists() and time.monotonic() < deadline:
            time.sleep(0.05)


def test_home_is_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAFFRE_HOME", str(tmp_path / "here"))
    assert home_of() == tmp_path / "here"
    monkeypatch.delenv("ZAFFRE_HOME")
    assert home_of() == Path.home() / ".zaffre"


def test_a_running_server_is_found_by_its_home(server: ServerProcess) -> None:
    found = find_server()
    assert found is not None
    assert (found.url, found.port, Path(found.home)) == (server.url, server.port, server.home)
    client = connect(start=False)
    assert (client.url, client.token) == (server.url, server.token)


def test_nothing_is_started_unasked(home: Path) -> None:
    with pytest.raises(ServerUnavailable, match="zaffre up"):
        connect(start=False)
    assert not home.exists()


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"url": "http://127.0.0.1:1", "pid": 1, "port": 1, "version": "0", "home": "/"}']
)
def test_a_stale_or_broken_record_is_no_server(home: Path, content: str) -> None:
    home.mkdir()
    (home / "server.json").write_text(content, "utf-8")
    assert find_server() is None


class _Stranger(BaseHTTPRequestHandler):
    """A program that answers everything, as a server's /health would."""

    heard: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.heard.append(self.headers.get("Authorization", ""))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_port_that_is_another_programs_now_gets_no_token(own_server: ServerProcess) -> None:
    record = (own_server.home / "server.json").read_bytes()
    own_server.kill()
    assert (own_server.home / "server.json").read_bytes() == record
    _Stranger.heard.clear()
    stranger = HTTPServer(("127.0.0.1", own_server.port), _Stranger)
    threading.Thread(target=stranger.serve_forever, daemon=True).start()
    try:
        assert find_server() is None
        with pytest.raises(ServerUnavailable, match="zaffre up"):
            connect(start=False)
        assert not any(_Stranger.heard)
        (own_server.home / "server.json").write_text(json.dumps({**json.loads(record), "pid": -(2**40)}))
        assert find_server() is None
    finally:
        stranger.shutdown()
        stranger.server_close()


@pytest.mark.parametrize("content", [b"\xff\xfe\n", b"two lines\nof text\n", b"", None])
def test_a_token_file_that_holds_no_token_is_named(started: Path, content: bytes | None) -> None:
    start_server(started, port=free_port())
    file = started / "token"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(AuthenticationException, match=rf"{file}.*zaffre down"):
        connect()


@pytest.mark.parametrize("content", [b"\xff\xfe\n", b"two lines\nof text\n"])
def test_a_server_does_not_start_on_a_token_file_that_holds_no_token(started: Path, content: bytes) -> None:
    started.mkdir()
    (started / "token").write_bytes(content)
    with pytest.raises(ServerUnavailable, match="what it holds is no token") as caught:
        start_server(started, port=free_port())
    assert "Traceback" not in caught.value.message


def test_a_home_that_cannot_be_written_to_is_named(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write_text("a file")
    for unusable in (home, home / "below", Path("/proc/nothing")):
        monkeypatch.setenv("ZAFFRE_HOME", str(unusable))
        with pytest.raises(ServerUnavailable, match=rf"{unusable}.*set ZAFFRE_HOME"):
            connect()
    done = subprocess.run(
        [sys.executable, "-m", "zaffre.server", "--port", "0", "--home", str(home)],
        env=clean_environment(tmp_path / "other"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert str(home) in done.stderr


@pytest.mark.parametrize("port", ["http", "-1", "65536"])
def test_a_port_that_is_none_is_refused(home: Path, port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home
    monkeypatch.setenv("ZAFFRE_PORT", port)
    with pytest.raises(InvalidValue, match=f"ZAFFRE_PORT is '{port}'"):
        connect()


def test_the_environment_names_a_server(server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAFFRE_URL", server.url)
    assert connect().token == server.token  # its own home's server, so its own token
    monkeypatch.setenv("ZAFFRE_URL", "http://zaffre.example:1")
    with pytest.raises(AuthenticationException, match="ZAFFRE_TOKEN"):
        connect()
    monkeypatch.setenv("ZAFFRE_TOKEN", "secret")
    assert (connect().url, connect().token) == ("http://zaffre.example:1", "secret")
    monkeypatch.delenv("ZAFFRE_TOKEN")
    monkeypatch.setenv("ZAFFRE_URL", "https://token:pass@zaffre.example/base")
    assert (connect().url, connect().token) == ("https://zaffre.example/base", "pass")


def test_inside_a_run_it_is_the_runs_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home
    monkeypatch.setenv("AZUREML_SERVICE_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("AZUREML_RUN_TOKEN", "run-token")
    assert (connect().url, connect().token) == ("http://127.0.0.1:9", "run-token")


def test_two_processes_that_start_at_once_get_the_same_server(started: Path) -> None:
    script = "from zaffre.sdk.discovery import connect; c = connect(); print(c.url, c.read('/health').decode())"
    environment = clean_environment(
        started, ZAFFRE_PORT=str(free_port()), AZUREML_RUN_ID="stray", MLFLOW_RUN_ID="stray"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", script], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[0].split() for process in both]
    assert said[0] == said[1]
    assert said[0] == [f"http://127.0.0.1:{environment['ZAFFRE_PORT']}", "OK"]
    info = find_server(started)
    assert info is not None
    assert info.pid not in {process.pid for process in both}
    variables = Path(f"/proc/{info.pid}/environ")
    if variables.exists():
        assert b"AZUREML_RUN_ID" not in variables.read_bytes()


def test_a_server_that_cannot_start_says_why(started: Path) -> None:
    started.mkdir()
    (started / "workspace.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(ServerUnavailable, match=r"ended with exit code \d+ while starting") as caught:
        start_server(started, port=free_port())
    assert "server.log" in caught.value.message


def test_a_python_without_the_servers_packages_says_what_to_install(home: Path, tmp_path: Path) -> None:
    """The SDK's own dependencies alone, as in a training environment."""
    source = Path(discovery.__file__).parents[2]
    installed = Path(httpx.__file__).parents[1]
    site = tmp_path / "site"
    site.mkdir()
    for name in LIGHT:
        for found in installed.glob(f"{name}*"):
            (site / found.name).symlink_to(found)
    environment = clean_environment(home, PYTHONPATH=os.pathsep.join((str(source), str(site))))
    command = [sys.executable, "-S", "-c", "from zaffre.sdk.discovery import connect; connect()"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "fastapi, uvicorn, sqlalchemy, alembic missing" in done.stderr
    assert 'pip install "zaffre[server]"' in done.stderr


def test_the_record_of_a_server_is_json_of_known_keys(server: ServerProcess) -> None:
    held = json.loads((server.home / "server.json").read_text("utf-8"))
    assert {"url", "pid", "port", "version", "home"} <= held.keys()
