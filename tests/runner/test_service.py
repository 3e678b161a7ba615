"""The supervisor of a local service: what it survives, what it cleans up, what it never lets through."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import waiting
from tests.server_process import ServerProcess
from zaffre.core import contract
from zaffre.core.states import ServiceState
from zaffre.launch import processes
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

SECONDS = 120.0  # generous: the machine may be busy with other tests
until = partial(waiting.until, patience=SECONDS)

SCRIPT = """
import json, os, subprocess, sys
def init():
    print("init ran")
def run(data):
    act = json.loads(data)
    if act == "die":
        os._exit(7)
    if act == "pid":
        return os.getpid()
    if act == "child":
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True).pid
    if act == "environment":
        return dict(os.environ)
    return act
"""


def is_alive(pid: int) -> bool:
    found = processes.find(pid)
    return found is not None and found.is_alive


def deploy(workspace: str, source: Path, script: str = SCRIPT) -> LocalWebservice:
    """The service ``svc``, ready to answer."""
    source.mkdir(exist_ok=True)
    (source / "score.py").write_text(script)
    environment = Environment("own")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = sys.executable
    inference = InferenceConfig("score.py", source_directory=str(source), environment=environment)
    there = Workspace("sub", "group", workspace)
    service = Model.deploy(there, "svc", [], inference, LocalWebservice.deploy_configuration())
    service.wait_for_deployment(timeout_sec=SECONDS)
    assert isinstance(service, LocalWebservice)
    return service


def ask(service: LocalWebservice, act: str) -> Any:
    return service.run(json.dumps(act))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


def delete(workspace: str) -> None:
    """Delete the service, wherever its server is by now."""
    LocalWebservice(Workspace("sub", "group", workspace), "svc", must_exist=False).delete()


@pytest.fixture
def service(server: ServerProcess, workspace_name: str, source: Path) -> Iterator[LocalWebservice]:
    """A service of the shared server."""
    assert server.process is not None
    yield deploy(workspace_name, source)
    delete(workspace_name)


@pytest.fixture
def own_service(own_server: ServerProcess, source: Path) -> Iterator[LocalWebservice]:
    """A service of a server that the test may kill."""
    yield deploy("default", source)
    if own_server.process is None:
        own_server.start()
    delete("default")


def supervisor_of(service: LocalWebservice) -> int:
    service.update_deployment_state()
    pid = service._service.pid
    assert pid is not None
    return pid


def test_a_service_outlives_its_server_and_finds_it_again(
    own_server: ServerProcess, own_service: LocalWebservice
) -> None:
    service = own_service
    own_server.kill()
    assert ask(service, "on") == "on"
    own_server.start()
    before = service._service.heartbeat_at
    until(lambda: heartbeat(service) > (before or 0), "a heartbeat after the restart")
    assert service.state == "running"
    assert service.scoring_uri is not None


def state(service: LocalWebservice) -> str:
    service.update_deployment_state()
    return service.state


def heartbeat(service: LocalWebservice) -> int:
    service.update_deployment_state()
    return service._service.heartbeat_at or 0


def test_what_was_logged_while_the_server_was_away_arrives(
    own_server: ServerProcess, own_service: LocalWebservice
) -> None:
    service = own_service
    own_server.kill()
    with pytest.raises(Exception, match="answered 500"):
        service.run("{broken")
    own_server.start()
    text = until(lambda: "JSONDecodeError" in service.get_logs() and service.get_logs(), "the log's arrival")
    assert text.count("init ran") == 1


@pytest.mark.usefixtures("own_service")
def test_a_server_that_moves_is_followed(own_server: ServerProcess) -> None:
    own_server.stop()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        own_server.port = probe.getsockname()[1]
    own_server.start()
    moved = LocalWebservice(Workspace("sub", "group", "default"), "svc")
    before = moved._service.heartbeat_at
    until(lambda: heartbeat(moved) > (before or 0), "a heartbeat at the new address")
    moved.delete()
    assert not moved._folder.is_supervised()


def test_a_process_that_ends_is_started_anew(service: LocalWebservice) -> None:
    first = ask(service, "pid")
    with pytest.raises(Exception, match=r"502: .*The worker ended with exit code 7 while it ran this request"):
        ask(service, "die")
    assert ask(service, "pid") != first  # the call waited for the next worker
    until(lambda: f"worker {first} ended with exit code 7" in service.get_logs(), "the log's arrival")
    os.kill(ask(service, "pid"), signal.SIGKILL)
    assert ask(service, "on") == "on"


def test_a_service_that_keeps_ending_is_given_up_and_its_port_is_freed(service: LocalWebservice, source: Path) -> None:
    service.set_rollout(bake_seconds=0)  # else the revision before would serve again
    dying = "import threading; threading.Timer(0.3, lambda: os._exit(3)).start()"
    (source / "score.py").write_text(SCRIPT.replace('print("init ran")', dying))
    service.reload(wait=True)
    port = service.port
    until(lambda: state(service) == "failed", "giving up")
    assert service.error is not None
    assert "keeps ending, at last with exit code 3" in service.error["message"]
    assert service.scoring_uri is None
    assert port is not None
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    (source / "score.py").write_text(SCRIPT)
    service.reload(wait=True)
    assert ask(service, "on") == "on"


def test_deleting_ends_every_process(service: LocalWebservice) -> None:
    children = [supervisor_of(service), ask(service, "pid"), ask(service, "child")]
    assert all(is_alive(pid) for pid in children)
    service.delete()
    until(lambda: not any(is_alive(pid) for pid in children), "the end of all processes")


def test_a_service_deleted_by_somebody_else_ends_too(
    server: ServerProcess, workspace_name: str, service: LocalWebservice
) -> None:
    serving = ask(service, "pid")
    headers = {"authorization": f"Bearer {server.token}"}
    route = f"{server.url}/api/v1/workspaces/{workspace_name}/services/svc"
    assert httpx.delete(route, headers=headers).status_code == 204
    until(lambda: not service._folder.is_supervised(), "the supervisor's end")
    assert not is_alive(serving)
    assert httpx.get(route, headers=headers).status_code == 404
    until(lambda: not service._folder.path.exists(), "the removal of its files")


def test_a_killed_supervisor_takes_its_service_with_it(service: LocalWebservice) -> None:
    serving = ask(service, "pid")
    os.kill(supervisor_of(service), signal.SIGKILL)
    until(lambda: not is_alive(serving), "the end of the serving process")


def test_a_supervisor_that_is_asked_to_end_says_so(service: LocalWebservice) -> None:
    serving = ask(service, "pid")
    os.kill(supervisor_of(service), signal.SIGTERM)
    until(lambda: not service._folder.is_supervised(), "its end")
    assert not is_alive(serving)
    service.update_deployment_state()
    assert service._service.state is ServiceState.UNKNOWN
    assert service._folder.path.exists()
    service.reload(wait=True)
    assert ask(service, "on") == "on"


def test_the_entry_script_sees_no_secret_of_ours(server: ServerProcess, service: LocalWebservice) -> None:
    seen = ask(service, "environment")
    assert not [key for key in seen if key.startswith("ZAFFRE_") and key != processes.MARK]
    assert server.token not in json.dumps(seen)
    assert server.token not in service.get_logs()


def test_one_supervisor_for_each_service(server: ServerProcess, workspace_name: str, service: LocalWebservice) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "zaffre.runner", "service"],
        env={**server.environment, **variables(server, workspace_name)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert second.returncode == 0
    assert "supervises the service svc already" in second.stderr
    assert ask(service, "on") == "on"


def variables(server: ServerProcess, workspace: str) -> dict[str, str]:
    return {
        contract.ZAFFRE_URL: server.url,
        contract.ZAFFRE_TOKEN: server.token,
        contract.ZAFFRE_WORKSPACE: workspace,
        contract.ZAFFRE_SERVICE: "svc",
    }


@pytest.mark.parametrize("missing", [contract.ZAFFRE_URL, contract.ZAFFRE_SERVICE])
def test_a_supervisor_without_its_orders_says_which(home: Path, missing: str) -> None:
    names = (contract.ZAFFRE_URL, contract.ZAFFRE_TOKEN, contract.ZAFFRE_WORKSPACE, contract.ZAFFRE_SERVICE)
    named = dict.fromkeys(names, "given")
    del named[missing]
    done = subprocess.run(
        [sys.executable, "-m", "zaffre.runner", "service"],
        env={**os.environ, **named, contract.ZAFFRE_HOME: str(home)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 2
    assert missing in done.stderr


def test_the_newest_revision_wins_over_one_that_takes_long(service: LocalWebservice, source: Path) -> None:
    script = source / "score.py"
    script.write_text("import time\ndef init(): time.sleep(600)\ndef run(d): return 'slow'\n")
    service.reload()
    until(lambda: state(service) and "init" in [step.name for step in service.steps], "init()")
    script.write_text("def init(): pass\ndef run(d): return 'newest'\n")
    service.reload(wait=True)
    assert ask(service, "x") == "newest"
    assert "is given up for a newer one" in service.get_logs()


def test_the_folders_of_replaced_revisions_go(service: LocalWebservice) -> None:
    service.set_rollout(bake_seconds=1)  # the revision before stays as long as the new one is watched
    for _ in range(3):
        service.reload(wait=True)
    folder = service._folder.revisions
    until(lambda: len(list(folder.iterdir())) == 1, "one working directory")


def test_the_supervisors_word_is_in_the_servers_row(
    server: ServerProcess, workspace_name: str, service: LocalWebservice
) -> None:
    headers = {"authorization": f"Bearer {server.token}"}
    row = httpx.get(f"{server.url}/api/v1/workspaces/{workspace_name}/services/svc", headers=headers).json()
    assert row["host"] == socket.gethostname()
    assert row["pid"] == supervisor_of(service)
    assert row["port"] == service.port
    assert [step["name"] for step in row["steps"]] == [
        "snapshot", "models", "environment", "import", "init", "sample", "start", "ready",
    ]  # fmt: skip
