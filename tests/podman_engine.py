"""Podman's socket, for root, with everything it keeps in one folder below the account's cache."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docker_engine import BASE, base_archive, folder
from tests.waiting import until
from zaffre.core.errors import EngineUnavailable
from zaffre.docker import images
from zaffre.docker.engine import Engine

START_SECONDS = 60.0
# Podman raises the limits of what it starts beyond what a container without rights over them may have.
_SETTINGS = """[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


@contextmanager
def podman() -> Iterator[Engine]:
    """Podman's engine with the base image; skips the test where there is no Podman or no root."""
    if shutil.which("podman") is None:
        pytest.skip("Podman is not installed")
    if os.geteuid() != 0:
        pytest.skip("Podman is tried as root")
    at = folder().with_name("podman")
    at.mkdir(parents=True, exist_ok=True)
    run = Path(tempfile.mkdtemp(prefix="zaffre-pm-"))  # short: the path of a socket may have 107 characters
    (run / "containers.conf").write_text(_SETTINGS)
    address = f"unix://{run}/podman.sock"
    command = ["podman", "--root", str(at / "root"), "--runroot", str(run / "run"), "system", "service", "--time=0"]
    with (at / "lock").open("w") as lock, (run / "log").open("wb") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two services with one store would confuse each other
        shutil.rmtree(at / "root" / "libpod", ignore_errors=True)  # what it knows of the last one's places
        service = subprocess.Popen(
            [*command, address],
            env={**os.environ, "CONTAINERS_CONF": str(run / "containers.conf")},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            engine = until(lambda: _answers(address), f"Podman's start ({run / 'log'})", START_SECONDS)
            _ensure_base(engine)
            yield engine
            _clean(engine)
        finally:
            service.terminate()
            service.wait()
            subprocess.run(["umount", str(at / "root" / "overlay")], capture_output=True, check=False)  # onto itself
            shutil.rmtree(run, ignore_errors=True)


def _clean(engine: Engine) -> None:
    """Remove what tests made in it; the base image stays."""
    for image in images.labelled(engine, "zaffre.environment"):
        images.remove(engine, image["Id"], force=True)
    engine.post("/images/prune")


def _answers(address: str) -> Engine | None:
    with contextlib.suppress(EngineUnavailable):
        return Engine.connect(address)
    return None


def _ensure_base(engine: Engine) -> None:
    if images.inspect(engine, BASE) is not None:
        return
    archive = base_archive()
    name, _, tag = BASE.partition(":")
    headers = {"Content-Length": str(archive.stat().st_size)}
    with (
        archive.open("rb") as body,
        engine.open("POST", "/images/create", {"fromSrc": "-"}, body, headers, timeout=None) as response,
    ):
        made = json.loads(response.read().splitlines()[-1])["id"]
    engine.post(f"/images/{made}/tag", repo=name, tag=tag)
