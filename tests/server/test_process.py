"""The server as a process: how it starts, what it keeps when it is killed, how it stops."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.server_process import ServerProcess, clean_environment, free_port
from zaffre.sdk.client import Client


def test_it_announces_itself_and_withdraws_when_it_stops(own_server: ServerProcess) -> None:
    known = json.loads((own_server.home / "server.json").read_text())
    assert own_server.process is not None
    assert known["pid"] == own_server.process.pid
    assert known["url"] == own_server.url
    assert known["home"] == str(own_server.home)
    assert (own_server.home / "token").stat().st_mode & 0o777 == 0o600
    process = own_server.process
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) in (0, -signal.SIGTERM)
    assert not (own_server.home / "server.json").exists()


def test_open_streams_do_not_keep_it_from_stopping(own_server: ServerProcess) -> None:
    headers = {"Authorization": f"Bearer {own_server.token}"}
    url = f"{own_server.url}/api/v1/workspaces/default/stream"
    with httpx.stream("GET", url, params={"runs": True}, headers=headers, timeout=60) as answer:
        assert answer.status_code == 200
        assert own_server.process is not None
        own_server.process.send_signal(signal.SIGTERM)
        for _ in answer.iter_bytes():  # the stream ends by itself
            pass
        own_server.process.wait(timeout=30)


def test_what_was_acknowledged_is_there_after_a_kill(own_server: ServerProcess) -> None:
    client = Client(own_server.url, own_server.token)
    root = client.ws("lab")
    client.get(root, dict[str, Any], create=True)
    client.put(f"{root}/experiments/exp", dict[str, Any])
    run = client.post(f"{root}/experiments/exp/runs", dict[str, Any], {})["id"]
    series = [{"name": "loss", "steps": [0], "timestamps": [0], "values": [0.5]}]
    client.post(f"{root}/runs/{run}/metrics", dict[str, Any], {"series": series})
    client.upload(f"{root}/runs/{run}/artifacts/outputs/m", b"weights")
    client.upload(f"{root}/runs/{run}/artifacts/logs/l", b"line\n", method="PATCH", offset=0)
    client.post(f"{root}/models", dict[str, Any], {"name": "m", "run_id": run, "run_path": "outputs/m"})
    token = own_server.token
    own_server.kill()
    assert (own_server.home / "server.json").exists()  # nobody was left to remove it
    own_server.start()
    assert own_server.token == token
    metrics = client.get(f"{root}/runs/{run}/metrics", dict[str, Any])
    assert metrics["series"][0]["values"] == [0.5]
    assert client.read(f"{root}/runs/{run}/artifacts/outputs/m") == b"weights"
    assert client.read(f"{root}/runs/{run}/artifacts/logs/l") == b"line\n"
    assert client.read(f"{root}/models/m/versions/1/files/m") == b"weights"


def test_a_second_server_for_the_same_home_is_refused(own_server: ServerProcess) -> None:
    done = start("--home", str(own_server.home), "--port", "0")
    assert done.returncode == 1
    assert "Another Zaffre server uses" in done.stderr
    assert Client(own_server.url, own_server.token).read("/health") == b"OK"


def test_a_port_that_is_taken_is_said(own_server: ServerProcess, tmp_path: Path) -> None:
    done = start("--home", str(tmp_path / "other"), "--port", str(own_server.port))
    assert done.returncode == 1
    assert f"Port {own_server.port}" in done.stderr
    assert "--port" in done.stderr
    assert not (tmp_path / "other/server.json").exists()


def test_a_replaced_token_file_replaces_the_token(own_server: ServerProcess) -> None:
    before = own_server.token
    own_server.stop()
    (own_server.home / "token").write_text("a-token-of-my-own\n")
    own_server.start()
    url = f"{own_server.url}/api/v1/server"
    assert httpx.get(url, headers={"Authorization": "Bearer a-token-of-my-own"}).status_code == 200
    assert httpx.get(url, headers={"Authorization": f"Bearer {before}"}).status_code == 401
    assert (own_server.home / "token").stat().st_mode & 0o777 == 0o600


def test_a_body_of_unknown_length_is_refused_on_the_wire(server: ServerProcess) -> None:
    def pieces() -> Any:
        for _ in range(40):
            yield b" " * 1024 * 1024

    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    with httpx.Client(timeout=60) as client:
        answer = client.post(f"{server.url}/api/v1/workspaces", content=pieces(), headers=headers)
    assert answer.status_code == 413


def test_a_connection_that_was_silent_for_seconds_still_serves(server: ServerProcess) -> None:
    """A client whose idle connection is closed just as it writes loses its request, and may not repeat it by itself."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/version")
    connection.getresponse().read()
    spoken_on = connection.sock
    time.sleep(6)  # the server library would close it after 5
    connection.request("GET", "/version")
    answer = connection.getresponse()
    assert (answer.status, connection.sock) == (200, spoken_on)
    connection.close()


def test_a_token_never_stands_in_the_log(own_server: ServerProcess) -> None:
    client = Client(own_server.url, own_server.token)
    link = client.post("/api/v1/tickets", dict[str, Any], {})["url"]
    httpx.get(link)
    httpx.get(f"{own_server.url}/api/v1/nothing", auth=("u", own_server.token))
    own_server.stop()
    assert own_server.token not in own_server.output()
    assert link.partition("ticket=")[2] not in own_server.output()


def test_it_is_ready_soon_and_small(tmp_path: Path) -> None:
    # Generous against a busy machine: what counts is the processor's time, which a neighbour cannot use up.
    server = ServerProcess(tmp_path / "home", free_port()).start()
    try:
        assert server.process is not None
        process = psutil.Process(server.process.pid)
        used = process.cpu_times()
        assert used.user + used.system < 4.0
        assert process.memory_info().rss < 150 * 1024 * 1024
        time.sleep(1)
        idle = process.cpu_times()
        assert idle.user + idle.system - used.user - used.system < 0.5
    finally:
        server.stop()


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "zaffre.server", *arguments],
        env=clean_environment(Path("/nonexistent")),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
