"""Submit a run to a real server and supervise it with a real runner process, as the SDK does for target "local"."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests import waiting
from tests.server_process import ServerProcess, clean_environment
from zaffre.core import contract
from zaffre.core.entities import ArtifactInfo, Experiment, Run, ScriptSpec, Snapshot, SnapshotFile
from zaffre.core.states import RUN_TERMINAL, RunStatus
from zaffre.core.wire import (
    BlobInfo,
    BlobsMissing,
    BlobsWanted,
    RunCreate,
    SnapshotCreate,
    TokenCreated,
    WorkspaceAnswer,
)
from zaffre.launch import processes
from zaffre.sdk.client import Client, artifact

PATIENCE = 90.0
until = partial(waiting.until, patience=PATIENCE)
USER_MANAGED = {"name": "own", "python": {"userManagedDependencies": True, "interpreterPath": "python"}}


@dataclass
class Submission:
    """One run and its runner."""

    server: ServerProcess
    workspace: str
    files: Mapping[str, str]  # of the source directory; a name that ends in ! is executable
    spec: dict[str, Any]  # fields of ScriptSpec; environment and interpreter default to this test's Python
    variables: dict[str, str] = field(default_factory=dict)  # of the runner
    home: Path | None = None  # of the runner; default: the server's
    run: Run = field(init=False)
    process: subprocess.Popen[bytes] = field(init=False)
    token: str = field(init=False)

    @property
    def client(self) -> Client:
        return Client(self.server.url, self.server.token)

    @property
    def path(self) -> str:
        return f"{self.client.ws(self.workspace)}/runs/{self.run.id}"

    @property
    def folder(self) -> Path:
        return (self.home or self.server.home) / "runs" / self.run.id

    @property
    def spool(self) -> Path:
        return (self.home or self.server.home) / "spool" / self.run.id

    def submit(self) -> Submission:
        client = self.client
        base = client.ws(self.workspace)
        client.get(base, WorkspaceAnswer, create=True)
        client.put(f"{base}/experiments/trial", Experiment)
        fields = {"environment": USER_MANAGED, "interpreter": sys.executable, "script": "train.py", **self.spec}
        if fields.get("command"):
            fields["script"] = None
        body = RunCreate(
            type="azureml.scriptrun",
            target="local",
            snapshot_id=self._snapshot(client, base),
            spec=ScriptSpec(**fields),
        )
        self.run = client.post(f"{base}/experiments/trial/runs", Run, body)
        self.token = client.post(f"{self.path}/token", TokenCreated).token
        return self

    def start(self) -> Submission:
        """Start the runner, detached as the SDK does it."""
        home = self.home or self.server.home
        home.mkdir(parents=True, exist_ok=True)
        with (home / f"runner-{self.run.id}.txt").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "zaffre.runner", "run"],
                env={**clean_environment(home), **self._identity(), **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return self

    def _identity(self) -> dict[str, str]:
        return {
            contract.ZAFFRE_URL: self.server.url,
            contract.ZAFFRE_TOKEN: self.token,
            contract.ZAFFRE_WORKSPACE: self.workspace,
            contract.RUN_ID: self.run.id,
        }

    def _snapshot(self, client: Client, base: str) -> str:
        contents = {name: text.encode() for name, text in self.files.items()}
        described = [
            SnapshotFile(
                path=name.removesuffix("!"),
                sha256=hashlib.sha256(data).hexdigest(),
                size=len(data),
                executable=name.endswith("!"),
            )
            for name, data in contents.items()
        ]
        wanted = BlobsWanted(files=[BlobInfo(sha256=file.sha256, size=file.size) for file in described])
        missing = client.post(f"{base}/snapshots/missing", BlobsMissing, wanted).missing
        for data in contents.values():
            digest = hashlib.sha256(data).hexdigest()
            if digest in missing:
                client.upload(f"{base}/snapshots/blobs/{digest}", data)
        return client.post(f"{base}/snapshots", Snapshot, SnapshotCreate(files=described)).id

    def now(self) -> Run:
        return self.client.get(self.path, Run)

    def wait_for(self, *statuses: RunStatus, patience: float = PATIENCE) -> Run:
        def reached() -> Run | None:
            run = self.now()
            if run.status in RUN_TERMINAL and run.status not in statuses:
                raise AssertionError(f"{run.status}: {run.error}\n{self.output()}")
            return run if run.status in statuses else None

        run: Run = until(reached, f"one of {statuses}", patience=patience)
        return run

    def finish(self, *statuses: RunStatus, patience: float = PATIENCE) -> Run:
        """Wait for the end of the runner and return the run, which must be in one of the states."""
        code = self.process.wait(patience)
        run = self.now()
        assert run.status in (statuses or (RunStatus.COMPLETED,)), f"{run.status}: {run.error}\n{self.output()}"
        assert code == 0, self.output()
        return run

    def guardians(self) -> list[int]:
        """The processes beside the runner that end its program once it is gone."""
        return [
            process.pid
            for process in processes.everyone()
            if process.parent == self.process.pid
            and b"zaffre.launch.guardian" in Path(f"/proc/{process.pid}/cmdline").read_bytes()
        ]

    def output(self) -> str:
        """What the runner itself said."""
        home = self.home or self.server.home
        return (home / f"runner-{self.run.id}.txt").read_text(errors="replace")

    def artifacts(self) -> dict[str, int]:
        found = self.client.items(f"{self.path}/artifacts", ArtifactInfo, recursive=True)
        return {info.path: info.size or 0 for info in found if not info.is_dir}

    def read(self, path: str) -> str:
        """An artifact's text, empty while there is none."""
        if path not in self.artifacts():
            return ""
        return self.client.read(f"{self.path}/artifacts/{artifact(path)}").decode()

    def log(self) -> str:
        return self.read(contract.DRIVER_LOG)

    def build_log(self) -> str:
        return self.read(contract.BUILD_LOG)


def submitted(
    server: ServerProcess,
    workspace: str,
    files: Mapping[str, str] | str,
    variables: dict[str, str] | None = None,
    **spec: Any,
) -> Submission:
    """Submit and start a run; ``files`` may be the text of ``train.py``."""
    named = {"train.py": files} if isinstance(files, str) else files
    return (
        Submission(server, workspace, named, spec, {**(variables or {}), "PATH": os.environ["PATH"]}).submit().start()
    )
