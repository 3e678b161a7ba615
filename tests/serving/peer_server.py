"""Azure's own inference server beside ours, in an environment of their own with the same entry script."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import uv

import zaffre
from tests.serving.scoring_process import free_environment

PACKAGES = (
    "azureml-inference-server-http==1.5.1",
    "inference-schema==1.8",
    "numpy",
    "pandas",
    "httptools",
    "flask-cors",
)
SCRIPTS = Path(__file__).parent / "peer"
SECONDS = 120.0


def python(*more: str) -> Path:
    """The Python of the environment of Azure's server, with ``more`` packages."""
    packages = [*PACKAGES, *more, "setuptools<81"]  # inference-schema asks for pkg_resources
    return environment("-".join(["inference-server-1.5.1", *more]), packages)


def environment(name: str, packages: Sequence[str]) -> Path:
    """The Python of an environment with ``packages``, which is made once and kept in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zaffre-tests"
    cache.mkdir(parents=True, exist_ok=True)
    name = f"{name}-py{sys.version_info.major}.{sys.version_info.minor}"
    place = cache / name
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "done").exists():
            program = uv.find_uv_bin()
            subprocess.run([program, "venv", "--quiet", "--clear", "--python", sys.executable, place], check=True)
            made = place / "bin" / "python"
            subprocess.run([program, "pip", "install", "--quiet", "--python", made, *packages], check=True)
            (place / "done").touch()
    return place / "bin" / "python"


@contextmanager
def served(script: str, folder: Path, *, by_peer: bool, **environment: str) -> Iterator[httpx.Client]:
    """A client of the script ``peer/<script>.py``, served by the peer or by us."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model").mkdir(exist_ok=True)
    shutil.copy(SCRIPTS / f"{script}.py", folder / "score.py")
    module = "azureml_inference_server_http.amlserver" if by_peer else "zaffre.serving"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # The same command line for both.
    command = [str(python()), "-m", module, "--entry_script", "score.py", "--model_dir", "model", "--port", str(port)]
    variables = free_environment(**environment)
    variables["PYTHONPATH"] = "" if by_peer else str(Path(zaffre.__file__).parent.parent)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=SECONDS) as client:
            deadline = time.monotonic() + SECONDS
            while True:
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, (folder / "log").read_text()
                try:
                    client.get("/")
                    break
                except httpx.TransportError:
                    time.sleep(0.05)
            yield client
    finally:
        process.terminate()
        process.wait(SECONDS)
