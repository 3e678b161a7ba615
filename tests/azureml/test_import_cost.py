"""Importing the SDK is cheap and pulls nothing heavy: a training script pays for what it uses."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.server_process import ServerProcess

HEAVY = (
    "IPython",
    "alembic",
    "anyio",
    "asyncio",
    "cyclopts",
    "docker",
    "fastapi",
    "httpx",
    "mlflow",
    "numpy",
    "pandas",
    "requests",
    "rich",
    "sqlalchemy",
    "starlette",
    "uvicorn",
    "zaffre.cli",
    "zaffre.runner",
    "zaffre.server",
    "zaffre.serving",
)
EVERYTHING = (
    "from azureml.core import Workspace, Experiment, Run, Environment, ScriptRunConfig, Model, Datastore; "
    "from azureml.core import ComputeTarget, Webservice, RunConfiguration, Dataset, get_run; "
    "from azureml.core.model import InferenceConfig; from azureml.core.webservice import LocalWebservice; "
    "from azureml.core.compute import AmlCompute; from azureml.core.conda_dependencies import CondaDependencies; "
    "from azureml.widgets import RunDetails"
)


def loaded(statement: str, environment: dict[str, str] | None = None) -> tuple[set[str], float]:
    """The heavy modules that a fresh process has after a statement, and the seconds that it took."""
    script = (
        f"import sys, time, json; begin = time.perf_counter(); {statement}; took = time.perf_counter() - begin; "
        "print(json.dumps([sorted(sys.modules), took]))"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    modules, took = json.loads(done.stdout.splitlines()[-1])
    return set(HEAVY) & set(modules), took


def test_the_front_page_is_cheap() -> None:
    heavy, took = min((loaded("import azureml.core") for _ in range(3)), key=lambda one: one[1])
    assert heavy == set()
    assert took < 0.15


def test_no_name_of_the_sdk_pulls_anything_heavy() -> None:
    heavy, took = min((loaded(EVERYTHING) for _ in range(2)), key=lambda one: one[1])
    assert heavy == set()
    assert took < 3  # a second is usual on a busy machine


def test_an_offline_script_opens_no_connection(server: ServerProcess) -> None:
    heavy, _ = loaded("from azureml.core import Run; Run.get_context().log('a', 1)", server.environment)
    assert heavy == set()


def test_the_check_sees_what_is_heavy() -> None:
    heavy, _ = loaded("import httpx")
    assert {"httpx", "anyio"} & heavy
    with pytest.raises(subprocess.CalledProcessError):
        loaded("import no_such_module")
