"""Deploy services in tests as a script does: real server, real supervisor, real serving process."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.webservice_local import LocalWebservice
from zaffre.sdk.workspace import Workspace

SECONDS = 120.0  # generous: the machine may be busy with other tests

ECHO = """
import json, os
def init():
    print("init ran in", os.getcwd())
def run(raw_data):
    if raw_data == '"fail"':
        raise ValueError("asked to fail")
    if raw_data == '"where"':
        return {key: os.environ.get(key) for key in json.loads(os.environ["SHOWN"])}
    return [json.loads(raw_data), VERSION]
VERSION = 1
"""
SHOWN = ["AZUREML_MODEL_DIR", "AML_APP_ROOT", "AZUREML_SOURCE_DIRECTORY", "AZUREML_ENTRY_SCRIPT", "SERVICE_NAME"]


def user_managed(**variables: str) -> Environment:
    """This test's own Python, used as it is."""
    environment = Environment("own")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = sys.executable
    environment.environment_variables = {"SHOWN": json.dumps(SHOWN), **variables}
    return environment


def write(script: str, folder: str = "source") -> None:
    Path(folder).mkdir(exist_ok=True)
    Path(folder, "score.py").write_text(script)


def answers(port: int | None) -> bool:
    assert port is not None
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def config(**changes: Any) -> InferenceConfig:
    return InferenceConfig("score.py", source_directory="source", environment=user_managed(), **changes)


class Deployer:
    """Deploys ``score.py`` of the folder ``source``, or another configuration, and waits; ``clean`` deletes all."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._made: list[str] = []

    def __call__(
        self, models: Any = (), *, name: str = "the-service", port: int | None = None, wait: bool = True, **more: Any
    ) -> LocalWebservice:
        self._made.append(name)
        inference = more.pop("inference", None) or config()
        local = LocalWebservice.deploy_configuration(port)
        service = Model.deploy(self._workspace, name, list(models), inference, local, **more)
        assert isinstance(service, LocalWebservice)
        if wait:
            service.wait_for_deployment(timeout_sec=SECONDS)
        return service

    def clean(self) -> None:
        for name in self._made:
            LocalWebservice(self._workspace, name, must_exist=False).delete()
