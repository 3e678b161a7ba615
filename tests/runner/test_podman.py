"""The same runs with Podman's socket: its engine speaks Docker's API, and builds without BuildKit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.docker_engine import BASE
from tests.podman_engine import podman
from tests.runner.submission import until
from tests.runner.test_docker import AS_IT_IS, in_docker, message_of, of, packages
from tests.server_process import ServerProcess
from zaffre.core.states import RunStatus
from zaffre.docker.engine import Engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with podman() as started:
        yield started


def test_it_is_known_by_its_name(engine: Engine) -> None:
    assert (engine.name, engine.has_buildkit, engine.is_local) == ("Podman", False, True)


def test_a_run_in_an_image_with_packages(engine: Engine, server: ServerProcess, workspace_name: str) -> None:
    code = (
        "import os, pathlib, sys\n"
        "from azureml.core import Run\n"
        "import six\n"
        "run = Run.get_context()\n"
        "run.log('loss', 0.5)\n"
        "print('in', pathlib.Path.cwd(), sys.prefix, os.getuid() != 0, run.id, sys.argv[1:])\n"
        "pathlib.Path('outputs/model.txt').write_text('weights')\n"
    )
    definition = packages("azureml-defaults", "six")
    run = in_docker(engine, server, workspace_name, code, environment=definition, arguments=["--rate", "two words"])
    run.finish()
    assert f"in /azureml-run /opt/zaffre/env True {run.run.id} ['--rate', 'two words']" in run.log()
    assert run.read("outputs/model.txt") == "weights"
    assert run.now().metrics["loss"] == 0.5
    assert "Built the image zaffre/packed:" in run.build_log() or "Reusing the image" in run.build_log()
    assert of(engine, run) == []


def test_cancel_kills(engine: Engine, server: ServerProcess, workspace_name: str) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here'); time.sleep(600)"
    run = in_docker(engine, server, workspace_name, code)
    until(lambda: "here" in run.log(), "its first line")
    run.client.post(f"{run.path}/cancel", dict)
    run.finish(RunStatus.CANCELED)
    assert of(engine, run) == []


def test_a_script_that_fails_says_how(engine: Engine, server: ServerProcess, workspace_name: str) -> None:
    run = in_docker(engine, server, workspace_name, "raise ValueError('the rate is negative')")
    assert "ValueError: the rate is negative" in message_of(run.finish(RunStatus.FAILED))


def test_an_image_that_cannot_be_built_is_a_sentence(
    engine: Engine, server: ServerProcess, workspace_name: str
) -> None:
    dockerfile = f"FROM {BASE}\nRUN echo so far; exit 7\n"
    definition = {**AS_IT_IS, "docker": {"baseDockerfile": dockerfile}}
    run = in_docker(engine, server, workspace_name, "", environment=definition)
    message = message_of(run.finish(RunStatus.FAILED))
    assert "exit 7" in message
    assert "so far" in run.build_log()
