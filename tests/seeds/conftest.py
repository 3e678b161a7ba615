"""A folder as the documents' readers have it, and cells that run in it one after the other."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.server_process import ServerProcess
from zaffre.core.errors import PortTaken
from zaffre.sdk.ports import check_free

SECONDS = 600
DRIVER = Path(__file__).with_name("driver.py")


@dataclass(frozen=True)
class Result:
    """What a cell printed, and what it raised, if it did."""

    output: str
    error: str | None
    kinds: list[str]
    message: str


@dataclass(frozen=True)
class Reader:
    """Someone who follows a document: a project folder with the config.json that Azure's portal gives."""

    folder: Path
    workspace: str
    server: ServerProcess

    def run(self, *cells: str) -> list[Result]:
        """Run the cells in one fresh process, in the folder; the results are in the same order."""
        given, got = self.folder.parent / "cells.json", self.folder.parent / "results.json"
        given.write_text(json.dumps(cells), "utf-8")
        self.python(str(DRIVER), str(given), str(got))
        return [Result(**result) for result in json.loads(got.read_text("utf-8"))]

    def python(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.server.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def new_reader(tmp_path: Path, workspace_name: str) -> Callable[[ServerProcess], Reader]:
    def make(server: ServerProcess) -> Reader:
        folder = tmp_path / "tutorial"
        (folder / ".azureml").mkdir(parents=True)
        config = {
            "subscription_id": "0a1b2c3d-0000-4000-8000-000000000000",
            "resource_group": "tutorials",
            "workspace_name": workspace_name,
        }
        (folder / ".azureml" / "config.json").write_text(json.dumps(config, indent=4))
        return Reader(folder, workspace_name, server)

    return make


@pytest.fixture
def reader(new_reader: Callable[[ServerProcess], Reader], server: ServerProcess) -> Reader:
    return new_reader(server)


@pytest.fixture
def port_of_the_documents() -> int:
    """6789, once nothing else on this machine uses it."""
    deadline = time.monotonic() + 120
    while True:
        try:
            check_free(6789)
            return 6789
        except PortTaken:
            assert time.monotonic() < deadline, "something else on this machine has port 6789"
            time.sleep(0.5)
