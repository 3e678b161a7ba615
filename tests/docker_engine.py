"""A real container engine, Debian's, in a folder of its own, shared by every session of tests that runs at the time.

Its images outlive the session below the account's cache folder, so that the base image is made once and layers are
built once. Whoever comes first starts it, whoever leaves last ends it: each holds a lock on a file meanwhile.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from zaffre.core.errors import EngineError, EngineUnavailable
from zaffre.docker import containers, images
from zaffre.docker.engine import Engine
from zaffre.launch import processes

BASE = "zaffre-test/base:1"  # Debian with python3, nothing else
START_SECONDS = 90.0
_KEPT_BYTES = 6_000_000_000  # of the build cache, the newest: PyTorch's layer is the largest of it


def folder() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "zaffre-tests" / "docker"


def _bridge_name(at: Path) -> tuple[str, str]:
    """A bridge and its addresses, the folder's own: other engines of the machine keep theirs, whoever ends first."""
    digest = hashlib.sha256(str(at).encode()).digest()
    return f"zaffre-{digest.hex()[:6]}", f"172.31.{digest[0]}.1/24"


@contextmanager
def shared_engine() -> Iterator[Engine]:
    """The engine with the base image; skips the test where none can be had, and fails it in CI."""
    at = folder()
    at.mkdir(parents=True, exist_ok=True)
    with (at / "users.lock").open("a+") as users, (at / "start.lock").open("a+") as start:
        fcntl.flock(start, fcntl.LOCK_EX)
        try:
            engine = _running(at) or _started(at)
            _ensure_base(engine)
            fcntl.flock(users, fcntl.LOCK_SH)
        finally:
            fcntl.flock(start, fcntl.LOCK_UN)
        try:
            yield engine
        finally:
            _leave(at, users, start, engine)


def _running(at: Path) -> Engine | None:
    """The engine that another session started, or the machine's own for an account that may not start one."""
    state = at / "engine.json"
    if state.exists():
        with contextlib.suppress(EngineUnavailable):
            return Engine.connect(json.loads(state.read_text())["address"])
    if os.geteuid() != 0:
        with contextlib.suppress(EngineUnavailable):
            return Engine.connect()
    return None


def _started(at: Path) -> Engine:
    if shutil.which("dockerd") is None:
        _give_up("No container engine runs, and there is no dockerd: scripts/install-system-packages.sh docker.io.")
    if os.geteuid() != 0:
        _give_up("No container engine runs, and only root can start one here.")
    run = Path(tempfile.mkdtemp(prefix="zaffre-dk-"))  # short: the path of a socket may have 107 characters
    run.chmod(0o755)
    address = f"unix://{run}/docker.sock"
    command = ["dockerd", "--host", address, "--data-root", str(at / "data"), "--exec-root", str(run / "exec")]
    command += ["--pidfile", str(run / "pid"), *_bridge(at)]
    # Through a shell that ends at once: the engine may outlive this session, and is nobody's child.
    background = f"setsid {shlex.join(command)} >{run}/log 2>&1 </dev/null & echo $!"
    started = subprocess.run(["sh", "-c", background], check=True, capture_output=True, text=True, env=_environment())
    pid = int(started.stdout)
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(EngineUnavailable):
            engine = Engine.connect(address)
            break
        if not _is_alive(pid) or time.monotonic() > deadline:
            _give_up(f"dockerd did not start: {(run / 'log').read_text()[-1000:]}")
        time.sleep(0.1)
    (at / "engine.json").write_text(json.dumps({"address": address, "pid": pid, "folder": str(run)}))
    (run / "docker.sock").chmod(0o666)  # in a folder of ours; containers of the tests use it unprivileged
    return engine


def _bridge(at: Path) -> list[str]:
    """A bridge of its own, where the program for that is there."""
    if shutil.which("ip") is None:
        return []
    bridge, network = _bridge_name(at)
    subprocess.run(["ip", "link", "add", bridge, "type", "bridge"], capture_output=True, check=False)
    subprocess.run(["ip", "addr", "add", network, "dev", bridge], capture_output=True, check=False)
    return ["--bridge", bridge]


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith(("DOCKER_", "ZAFFRE_"))}


def _give_up(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def base_archive() -> Path:
    """The base image's files, made once on a machine."""
    archive = folder() / "base.tar"
    if not archive.exists():
        if os.geteuid() != 0 or shutil.which("debootstrap") is None:
            _give_up("The base image cannot be made: run scripts/install-system-packages.sh debootstrap, as root.")
        _bootstrap(archive)
    return archive


def _ensure_base(engine: Engine) -> None:
    if images.inspect(engine, BASE) is not None:
        return
    archive = base_archive()
    name, _, tag = BASE.partition(":")
    with archive.open("rb") as body:
        query = {"fromSrc": "-", "repo": name, "tag": tag}
        headers = {"Content-Length": str(archive.stat().st_size)}
        with engine.open("POST", "/images/create", query, body, headers, timeout=None) as response:
            response.read()


def _bootstrap(archive: Path) -> None:
    """Debian's smallest system with Python: a minute or two, once."""
    with tempfile.TemporaryDirectory(prefix="zaffre-base-") as root:
        packages = "--include=python3,python3-venv,ca-certificates"
        subprocess.run(
            ["debootstrap", "--variant=minbase", packages, "bookworm", root], check=True, capture_output=True
        )
        shutil.rmtree(Path(root) / "var/cache/apt", ignore_errors=True)
        partial = archive.with_suffix(".part")
        subprocess.run(["tar", "-C", root, "-cf", str(partial), "."], check=True)
        partial.rename(archive)


def _leave(at: Path, users: IO[str], start: IO[str], engine: Engine) -> None:
    """The last one ends the engine, and removes what tests made in it."""
    fcntl.flock(start, fcntl.LOCK_EX)
    fcntl.flock(users, fcntl.LOCK_UN)
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # others go on with it
    state = json.loads((at / "engine.json").read_text()) if (at / "engine.json").exists() else None
    if state is None or state["address"] != engine.address:
        return  # the machine's own
    with contextlib.suppress(EngineError):
        for one in engine.get("/containers/json", all=True):
            containers.remove(engine, one["Id"])
        for image in images.labelled(engine, "zaffre.environment"):
            images.remove(engine, image["Id"], force=True)
        # Each build leaves what it was sent in the cache: without an end, tens of gigabytes over time.
        engine.post("/build/prune", **{"all": "1", "keep-storage": str(_KEPT_BYTES)})
    end(state["pid"])
    (at / "engine.json").unlink()
    if shutil.which("ip") is not None:
        subprocess.run(["ip", "link", "delete", _bridge_name(at)[0]], capture_output=True, check=False)
    shutil.rmtree(state["folder"], ignore_errors=True)


def end(pid: int) -> None:
    """End a dockerd that this account started, and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + START_SECONDS
    while _is_alive(pid):
        assert time.monotonic() < deadline, f"dockerd {pid} does not end"
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    found = processes.find(pid)
    return found is not None and found.is_alive


class Door:
    """An address that leads to an engine until it is closed: then the engine is gone for those who came this way."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self.address = process.stdout.readline().decode().strip()
        self.close = process.kill


@contextmanager
def door_to(engine: Engine) -> Iterator[Door]:
    command = [sys.executable, "-c", _RELAY, engine.address.removeprefix("unix://")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            yield Door(process)
        finally:
            process.kill()


_RELAY = """
import socket, sys, threading
def pump(source, target):
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)
door = socket.create_server(("127.0.0.1", 0))
print(f"tcp://127.0.0.1:{door.getsockname()[1]}", flush=True)
while True:
    caller, _ = door.accept()
    engine = socket.socket(socket.AF_UNIX)
    engine.connect(sys.argv[1])
    for pair in ((caller, engine), (engine, caller)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
"""
