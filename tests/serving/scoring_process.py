"""A real serving process for tests: an entry script given as text, on a free port."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import httpx

SECONDS = 60.0  # how long a process may take on a busy machine

ECHO = """
    import json
    def init():
        pass
    def run(raw_data):
        return json.loads(raw_data)
"""


def free_environment(**more: str) -> dict[str, str]:
    """This process's environment without what another service or run left in it."""
    strays = ("AZUREML_", "AML_", "SERVICE_", "SCORING_", "ZAFFRE_", "WORKER_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(strays)}
    return kept | {"PYTHONUNBUFFERED": "1"} | more


class ScoringProcess:
    """``with ScoringProcess(folder, script) as service: service.post("/score", ...)``"""

    def __init__(
        self, folder: Path, script: str, *arguments: str, python: str = sys.executable, **environment: str
    ) -> None:
        self.folder = folder
        self._python = python
        (folder / "score.py").write_text(textwrap.dedent(script))
        self.status_file = folder / "status.json"
        self.log_file = folder / "serving.log"
        self._arguments = ["--status-file", str(self.status_file), "--port", "0", *arguments]
        if "--entry-script" not in arguments:
            self._arguments += ["--entry-script", "score.py"]
        self._environment = free_environment(**environment)
        self.http = httpx.Client(timeout=SECONDS)

    def drop_argument(self, name: str) -> None:
        at = self._arguments.index(name)
        del self._arguments[at : at + 2]

    def launch(self) -> ScoringProcess:
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [self._python, "-m", "zaffre.serving", *self._arguments],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        return self

    def __enter__(self) -> ScoringProcess:
        self.launch()
        deadline = time.monotonic() + SECONDS
        while not self.status_file.exists() or self.status()["stage"] not in ("ready", "failed"):
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.02)
        status = self.status()
        assert status["stage"] == "ready", self.log()
        self.http.base_url = httpx.URL(f"http://{status['address']}")
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.end()

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(SECONDS)
        if self.process.stdin is not None:
            self.process.stdin.close()
        return code

    def wait(self) -> int:
        """The exit code of a process that ends by itself."""
        code = self.process.wait(SECONDS)
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.http.close()
        return code

    def status(self) -> dict[str, Any]:
        held: dict[str, Any] = json.loads(self.status_file.read_text())
        return held

    def log(self) -> str:
        return self.log_file.read_text()

    def wait_for_log(self, text: str) -> str:
        deadline = time.monotonic() + SECONDS
        while text not in self.log():
            assert time.monotonic() < deadline, f"{text!r} is not in the log:\n{self.log()}"
            time.sleep(0.02)
        return self.log()

    def wait_for_file(self, name: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not (self.folder / name).exists():
            assert time.monotonic() < deadline, f"{name} never appeared:\n{self.log()}"
            time.sleep(0.02)

    def score(self, data: object = None, **more: Any) -> httpx.Response:
        return self.http.post("/score", content=json.dumps(data), **more)
