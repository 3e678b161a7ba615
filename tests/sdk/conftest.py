"""A workspace and an experiment of their own for every test, on the session's real server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server_process import ServerProcess
from zaffre.sdk.environment import Environment
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.workspace import Workspace


@pytest.fixture
def workspace(server: ServerProcess, workspace_name: str) -> Workspace:
    """A new workspace, found by ZAFFRE_HOME as a user's would be."""
    assert server.url
    return Workspace("sub", "group", workspace_name)


@pytest.fixture
def experiment(workspace: Workspace) -> Experiment:
    return Experiment(workspace, "trial")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source folder with nothing in it yet."""
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def user_managed() -> Environment:
    """The environment that needs no building: the interpreter of these tests."""
    environment = Environment("user-managed")
    environment.python.user_managed_dependencies = True
    return environment
