"""MLflow 2.21, as teams have it who did not move to 3 yet: the real package, in an environment of its own."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import uv

from tests.mlflow_client.conftest import open_workspace
from tests.server_process import ServerProcess, clean_environment

SESSION = Path(__file__).parent / "older" / "session.py"
# Newer releases of OpenTelemetry break this MLflow's own traces.
PACKAGES = ("mlflow==2.21.3", "scikit-learn==1.6.1", "opentelemetry-sdk==1.33.1", "pillow")
CHECKS = (
    *("experiments", "runs", "metrics", "asynchronous", "searching", "nested", "artifacts", "inputs", "models"),
    *("autologging", "tracing"),
)


def environment_with(packages: tuple[str, ...]) -> Path:
    """The Python of an environment with some packages, which is made once and kept in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zaffre-tests"
    cache.mkdir(parents=True, exist_ok=True)
    name = "-".join([*packages, f"py{sys.version_info.major}.{sys.version_info.minor}"]).replace("==", "-")
    place = cache / name
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "done").exists():
            program = uv.find_uv_bin()
            subprocess.run([program, "venv", "--quiet", "--clear", "--python", sys.executable, place], check=True)
            python = place / "bin" / "python"
            subprocess.run([program, "pip", "install", "--quiet", "--python", python, *packages], check=True)
            (place / "done").touch()
    return place / "bin" / "python"


@pytest.fixture(scope="module")
def session(shared_server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of each check."""
    python = environment_with(PACKAGES)
    folder = tmp_path_factory.mktemp("older")
    uri = open_workspace(shared_server, "older")
    environment = clean_environment(
        folder,
        MLFLOW_TRACKING_URI=uri,
        MLFLOW_TRACKING_TOKEN=shared_server.token,
        MLFLOW_HTTP_REQUEST_MAX_RETRIES="1",
    )
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [python, SESSION], cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.timeout(900)
def test_it_is_the_older_package(session: dict[str, Any]) -> None:
    assert session["version"].startswith("2.21")
    assert set(session) == {"version", *CHECKS}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.timeout(900)
def test_what_its_users_do(session: dict[str, Any], check: str) -> None:
    assert session[check] == ""
