"""Runs in containers: a real server, a real runner, a real engine."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.docker_engine import BASE, door_to
from tests.runner.submission import Submission, submitted, until
from tests.server_process import ServerProcess
from zaffre.core import contract
from zaffre.core.entities import EnvironmentUse, Run
from zaffre.core.states import RunStatus
from zaffre.docker import containers
from zaffre.docker.engine import Engine
from zaffre.launch.docker import NAME

AS_IT_IS = {"name": "image", "docker": {"baseImage": BASE}, "python": {"userManagedDependencies": True}}


def packages(*lines: str, **docker: Any) -> dict[str, Any]:
    document = {"dependencies": ["python=3.11", {"pip": list(lines)}]}
    return {"name": "packed", "docker": {"baseImage": BASE, **docker}, "python": {"condaDependencies": document}}


def in_docker(engine: Engine, server: ServerProcess, workspace: str, code: str, **spec: Any) -> Submission:
    fields = {"environment": AS_IT_IS, **spec}
    return submitted(server, workspace, code, variables={"DOCKER_HOST": engine.address}, **fields)


def of(engine: Engine, run: Submission) -> list[dict[str, Any]]:
    return containers.labelled(engine, f"{NAME}={run.run.id}")


def message_of(run: Run) -> str:
    assert run.error is not None
    return run.error.message


def test_a_run_in_an_image_with_packages_logs_and_leaves_its_files(
    docker: Engine, server: ServerProcess, workspace_name: str
) -> None:
    code = (
        "import os, pathlib, sys\n"
        "from azureml.core import Run\n"
        "import six\n"
        "run = Run.get_context()\n"
        "run.log('loss', 0.5)\n"
        "print('in', pathlib.Path.cwd(), sys.prefix, os.getuid() != 0, run.id, sys.argv[1:])\n"
        "print('to stderr', file=sys.stderr)\n"
        "pathlib.Path('outputs/model.txt').write_text('weights')\n"
    )
    definition = packages("azureml-defaults", "six")
    run = in_docker(docker, server, workspace_name, code, environment=definition, arguments=["--rate", "two words"])
    run.finish()
    assert f"in /azureml-run /opt/zaffre/env True {run.run.id} ['--rate', 'two words']" in run.log()
    assert "to stderr" in run.log()
    assert run.read("outputs/model.txt") == "weights"
    assert run.now().metrics["loss"] == 0.5
    assert "Built the image zaffre/packed:" in run.build_log()
    assert (
        "sh /run/zaffre/install.sh" in run.build_log()
    )  # its output is there only if the engine has not done it before
    used = run.client.get(f"{run.path}/environment", EnvironmentUse)
    assert used.lock is not None
    assert "six==" in used.lock.pip
    assert "in the image zaffre/packed:" in used.interpreter
    assert of(docker, run) == []
    assert not run.folder.exists()
    assert not run.spool.exists()

    again = in_docker(docker, server, workspace_name, "print('once more')", environment=definition)
    again.finish()
    assert "Reusing the image zaffre/packed:" in again.build_log()


def test_a_machine_runs_everything_in_docker_and_on_an_image_of_its_choice(
    docker: Engine, server: ServerProcess, workspace_name: str
) -> None:
    """Azure's compute targets do so: a script that says nothing of Docker runs there as it is."""
    plain = "mcr.microsoft.com/azureml/openmpi:of-nobody"
    document = {"dependencies": ["python=3.11", {"pip": ["six==1.17.0"]}]}
    definition = {"name": "silent", "docker": {"baseImage": plain}, "python": {"condaDependencies": document}}
    settings = {"DOCKER_HOST": docker.address, contract.ZAFFRE_RUNS: "docker"}
    code = "import os, six; print(os.getcwd(), six.__version__)"
    run = submitted(
        server,
        workspace_name,
        code,
        variables={**settings, contract.ZAFFRE_BASE_IMAGE: BASE},
        environment=definition,
    )
    run.finish()
    assert "/azureml-run 1.17.0" in run.log()
    assert f"NOTICE: the image {BASE} stands for {plain} (ZAFFRE_BASE_IMAGE)." in run.build_log()
    without = submitted(server, workspace_name, code, variables=settings, environment=definition)
    without.finish(RunStatus.FAILED)
    assert "let another stand for Azure's plain images: ZAFFRE_BASE_IMAGE=" in message_of(without.now())
    odd = {**settings, contract.ZAFFRE_RUNS: "kubernetes"}
    unknown = submitted(server, workspace_name, code, variables=odd, environment=definition)
    unknown.finish(RunStatus.FAILED)
    assert "ZAFFRE_RUNS is 'kubernetes', and must be auto or docker." in message_of(unknown.now())


def test_the_program_sees_the_documented_environment(
    docker: Engine, server: ServerProcess, workspace_name: str
) -> None:
    definition = {**AS_IT_IS, "environmentVariables": {"CHOSEN": "environment", "KEPT": "yes"}}
    run = in_docker(
        docker,
        server,
        workspace_name,
        "import json, os; open('outputs/env.json', 'w').write(json.dumps(dict(os.environ)))",
        environment=definition,
        environment_variables={"CHOSEN": "run"},
        configuration={"docker": {"useDocker": True, "arguments": ["--env", "GIVEN=a b"]}},
    )
    run.finish()
    seen = json.loads(run.read("outputs/env.json"))
    assert {name for name in contract.ONLINE_VARIABLES if not seen.get(name)} == set()
    assert seen["AZUREML_RUN_ID"] == seen["MLFLOW_RUN_ID"] == run.run.id
    assert seen["MLFLOW_TRACKING_URI"] == f"{server.url}/workspaces/{workspace_name}"
    assert (seen["CHOSEN"], seen["KEPT"], seen["GIVEN"]) == ("run", "yes", "a b")
    assert "DOCKER_HOST" not in seen


def test_a_command_runs_in_a_shell(docker: Engine, server: ServerProcess, workspace_name: str) -> None:
    run = in_docker(docker, server, workspace_name, "", command="set -o pipefail; python3 -V | cat; echo $0 ready")
    run.finish()
    assert "Python 3." in run.log()
    assert "ready" in run.log()


def test_limits_of_the_run_configuration_hold(docker: Engine, server: ServerProcess, workspace_name: str) -> None:
    configuration = {"docker": {"useDocker": True, "shmSize": "16m", "arguments": ["--memory=48m"]}}
    code = "import os; print(os.statvfs('/dev/shm').f_blocks * 4096); x = bytearray(500_000_000)"
    run = in_docker(docker, server, workspace_name, code, configuration=configuration)
    ended = run.finish(RunStatus.FAILED)
    assert str(16 * 1024**2) in run.log()
    assert "was ended by signal 9. Its container ran out of memory (its limit of 48 MB)." in message_of(ended)


def test_a_share_of_the_processors_holds_and_gpus_that_are_not_there_are_refused(
    docker: Engine, server: ServerProcess, workspace_name: str
) -> None:
    configuration = {"docker": {"useDocker": True, "arguments": ["--cpus", "0.5"]}}
    code = "import time; print('here'); time.sleep(600)"
    run = in_docker(docker, server, workspace_name, code, configuration=configuration)
    until(lambda: "here" in run.log(), "its first line")
    (one,) = of(docker, run)
    found = containers.inspect(docker, one["Id"])
    run.client.post(f"{run.path}/cancel", dict)
    run.finish(RunStatus.CANCELED)
    assert found is not None
    assert found["HostConfig"]["NanoCpus"] == 500_000_000

    configuration = {"docker": {"useDocker": True, "arguments": ["--gpus=all"]}}
    refused = in_docker(docker, server, workspace_name, code, configuration=configuration)
    assert "install the NVIDIA Container Toolkit" in message_of(refused.finish(RunStatus.FAILED))


def own_address() -> str:
    """Of this machine, as others see it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: from which address would it be sent
        return str(probe.getsockname()[0])


class Elsewhere(ServerProcess):
    """A server that its clients know by the machine's own address, as one on another machine."""

    @property
    def url(self) -> str:
        return f"http://{own_address()}:{self.port}"


def test_a_server_on_another_machine_is_reached_from_the_engines_own_network(
    docker: Engine, home: Path, workspace_name: str
) -> None:
    server = Elsewhere(home, arguments=("--host", "0.0.0.0", "--allow-host", own_address()))  # noqa: S104
    try:
        server.start()
        code = "from azureml.core import Run\nrun = Run.get_context()\nrun.log('loss', 0.5)\nprint('logged')\n"
        run = in_docker(docker, server, workspace_name, code, environment=packages("azureml-defaults", "six"))
        run.finish()
        assert "logged" in run.log()
        assert run.now().metrics["loss"] == 0.5
    finally:
        server.stop()


def test_output_is_live_and_cancel_kills(docker: Engine, server: ServerProcess, workspace_name: str) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "for i in range(100_000):\n    print('tick', i)\n    time.sleep(0.05)\n"
    )
    run = in_docker(docker, server, workspace_name, code)
    until(lambda: "tick 5" in run.log(), "the first lines")
    run.client.post(f"{run.path}/cancel", dict)
    run.finish(RunStatus.CANCELED)
    assert of(docker, run) == []


def test_a_script_that_fails_says_how(docker: Engine, server: ServerProcess, workspace_name: str) -> None:
    run = in_docker(docker, server, workspace_name, "raise ValueError('the rate is negative')")
    message = message_of(run.finish(RunStatus.FAILED))
    assert "The script train.py ended with exit code 1" in message
    assert "ValueError: the rate is negative" in message


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({**AS_IT_IS, "docker": {"baseImage": "nowhere.invalid/image:1"}}, "nowhere.invalid/image:1 is not in the"),
        (
            {**AS_IT_IS, "docker": {"baseDockerfile": f"FROM {BASE}\nRUN echo so far; exit 7\n"}},
            "RUN echo so far; exit 7",
        ),
        ({**AS_IT_IS, "docker": {"baseDockerfile": "FROM nowhere.invalid/image:2\n"}}, "nowhere.invalid/image:2"),
        (packages("there-is-no-such-package-xyz"), "there-is-no-such-package-xyz"),
    ],
)
def test_an_image_that_cannot_be_built_is_a_sentence_and_the_log_is_kept(
    docker: Engine, server: ServerProcess, workspace_name: str, environment: dict[str, Any], words: str
) -> None:
    run = in_docker(docker, server, workspace_name, "", environment=environment)
    message = message_of(run.finish(RunStatus.FAILED))
    assert words in message
    assert words in run.build_log()


def test_no_engine_is_a_sentence(server: ServerProcess, workspace_name: str) -> None:
    variables = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    run = submitted(server, workspace_name, "", variables=variables, environment=AS_IT_IS)
    ended = run.finish(RunStatus.FAILED)
    assert "No container engine answers at unix:///nowhere/docker.sock" in message_of(ended)


def test_a_container_ends_with_its_killed_runner(docker: Engine, server: ServerProcess, workspace_name: str) -> None:
    run = in_docker(docker, server, workspace_name, "import time; print('here'); time.sleep(600)")
    until(lambda: "here" in run.log(), "its first line")
    run.process.kill()
    run.process.wait()
    until(lambda: of(docker, run) == [], "the end of its container")


def test_the_container_that_a_crash_of_everything_left_is_removed_by_the_next_run(
    docker: Engine, server: ServerProcess, workspace_name: str
) -> None:
    run = in_docker(docker, server, workspace_name, "import time; print('here'); time.sleep(600)")
    until(lambda: "here" in run.log(), "its first line")
    for guardian in run.guardians():
        os.kill(guardian, signal.SIGKILL)
    run.process.kill()
    run.process.wait()
    server.kill()
    server.start()
    assert [one["State"] for one in of(docker, run)] == ["running"]
    other = in_docker(docker, server, workspace_name, "print('fine')")
    other.finish()
    assert of(docker, run) == []
    assert f"Removed the container of {run.run.id}, whose runner is gone." in other.build_log()


def test_values_that_could_not_be_sent_follow(docker: Engine, server: ServerProcess, workspace_name: str) -> None:
    code = (
        "import os, pathlib, time\n"
        "from azureml.core import Run\n"
        "run = Run.get_context()\n"
        "open('outputs/ready', 'w').write('x')\n"
        "while not os.path.exists('go'): time.sleep(0.02)\n"
        "run.log('loss', 0.25)\n"
    )
    run = in_docker(docker, server, workspace_name, code, environment=packages("azureml-defaults", "six"))
    run.wait_for(RunStatus.RUNNING)
    until(lambda: (run.folder / "outputs/ready").exists(), "the script's start")
    server.kill()
    (run.folder / "go").write_text("")
    until(lambda: not any(one["State"] == "running" for one in of(docker, run)), "the script's end")
    server.start()
    run.finish()
    assert "0.25" in json.dumps(run.client.get(f"{run.path}/metrics", dict))


def test_an_engine_that_stops_in_the_middle_of_a_run_is_a_sentence(
    docker: Engine, server: ServerProcess, workspace_name: str
) -> None:
    """Through a door of its own to the engine, which is closed while the run goes on."""
    with door_to(docker) as door:
        variables = {"DOCKER_HOST": door.address}
        code = "import time; print('here'); time.sleep(600)"
        run = submitted(server, workspace_name, code, variables=variables, environment=AS_IT_IS)
        until(lambda: "here" in run.log(), "its first line")
        door.close()
    ended = run.finish(RunStatus.FAILED)
    assert "The container engine at tcp://127.0.0.1:" in message_of(ended)
    assert "went away" in message_of(ended)
    for one in of(docker, run):
        containers.remove(docker, one["Id"])
