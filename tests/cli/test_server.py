"""``zaffre up``, ``down``, ``status``, ``token`` and ``doctor`` on a private home."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.server_process import clean_environment, free_port


def fetch(url: str, token: str = "") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:  # noqa: S310
            return int(answer.status), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def down_after(bare: Cli, home: Path) -> Iterator[Path]:
    yield home
    bare("down")


def test_up_says_where_and_down_stops(bare: Cli, down_after: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    started = bare("up", "--port", str(port))
    again = bare("up", "--output", "json")
    elsewhere = bare("up", "--port", str(free_port()))
    status = bare("status", "--output", "json")
    stopped = bare("down")
    twice = bare("down")

    first, second = started.out.splitlines()
    assert first == f"Zaffre runs on {url} and keeps its data in {down_after}."
    assert second.startswith(f"Open in a browser (valid once, for a minute): {url}/signin?ticket=")
    assert json.loads(again.out)["url"] == url
    assert elsewhere.code == 5
    assert f"already runs on {url}" in elsewhere.err
    assert json.loads(status.out)["home"] == str(down_after)
    assert stopped.out == f"Stopped the server of {down_after}.\n"
    assert twice.out == f"No server runs for {down_after}.\n"
    assert not (down_after / "server.json").exists()


def test_the_sign_in_link_is_good_once(bare: Cli, down_after: Path) -> None:
    link = json.loads(bare("up", "--port", str(free_port()), "--output", "json").out)["sign_in"]
    api = f"{link.partition('/signin')[0]}/api/v1/server"
    first, second = (urllib.request.build_opener(urllib.request.HTTPCookieProcessor()) for _ in range(2))

    for browser in (first, second):
        browser.open(link, timeout=10).close()

    assert first.open(api, timeout=10).status == 200
    with pytest.raises(urllib.error.HTTPError, match="401"):
        second.open(api, timeout=10)
    assert oct((down_after / "token").stat().st_mode & 0o777) == "0o600"


def test_two_homes_live_side_by_side(bare: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    try:
        bare("up", "--port", str(free_port()))
        bare("workspace", "create", "only-here")
        monkeypatch.setenv("ZAFFRE_HOME", str(other))
        bare("up", "--port", str(free_port()))

        assert "only-here" not in bare("workspace", "list").out
        bare("down")
        monkeypatch.setenv("ZAFFRE_HOME", str(home))
        assert "only-here" in bare("workspace", "list").out
    finally:
        for each in (other, home):
            monkeypatch.setenv("ZAFFRE_HOME", str(each))
            bare("down")


def test_a_taken_port_is_named(bare: Cli, down_after: Path) -> None:  # noqa: ARG001
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        answer = bare("up", "--port", str(port))

    assert answer.code == 4
    assert f"Port {port} of 127.0.0.1 cannot be used" in answer.err


def test_up_in_the_foreground_ends_with_ctrl_c(home: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "zaffre.cli.main", "up", "--foreground", "--port", str(port)],
        env=clean_environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    while line and not line.startswith("Open in a browser"):
        line = process.stderr.readline()
    assert f"http://127.0.0.1:{port}/signin?ticket=" in line

    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert out == f"The server of {home} has stopped.\n"


def test_a_token_opens_the_api_and_expires(bare: Cli, cli: Cli) -> None:
    url = json.loads(cli("status", "--output", "json").out)["url"]
    token = bare("token").out.strip()
    short = json.loads(bare("token", "--days", "0.00001", "--output", "json").out)
    time.sleep(1.2)

    assert fetch(f"{url}/api/v1/workspaces", token)[0] == 200
    assert fetch(f"{url}/api/v1/workspaces")[0] == 401
    assert fetch(f"{url}/api/v1/workspaces", short["token"])[0] == 401


def test_doctor_looks_at_everything(bare: Cli, home: Path) -> None:
    answer = bare("doctor", "--output", "json")

    checks = {check["name"]: check for check in json.loads(answer.out)}
    assert list(checks) == [
        "python", "uv", "azureml", "disk", "home", "server extra", "studio", "server", "docker",
    ]  # fmt: skip
    assert answer.code == 0
    assert checks["server"]["status"] == "warning"
    assert checks["server"]["remedy"] == "zaffre up"
    assert not home.exists()


def test_doctor_finds_a_token_that_others_can_read(bare: Cli, down_after: Path) -> None:
    bare("up", "--port", str(free_port()))
    (down_after / "token").chmod(0o644)

    answer = bare("doctor", "--output", "json")

    (check,) = [check for check in json.loads(answer.out) if check["name"] == "home"]
    assert answer.code == 1
    assert (check["status"], check["remedy"]) == ("missing", f"chmod 600 {down_after / 'token'}")
