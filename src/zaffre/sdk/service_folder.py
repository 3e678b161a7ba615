"""The folder that a local service has on the machine where it runs: ``ZAFFRE_HOME/services/<workspace>/<name>``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from zaffre.core.codec import decode
from zaffre.core.filelock import try_lock


@dataclass(frozen=True, slots=True)
class Source:
    """Where the source of a service is on this machine, for ``reload``."""

    directory: str | None  # None: only the entry script is sent
    entry_script: str  # relative to directory, else to the current folder of that time, absolute


class ServiceFolder:
    """Paths inside the folder, and who works there."""

    def __init__(self, home: Path, workspace: str, name: str) -> None:
        self.path = home / "services" / workspace / name
        self.lock = self.path / "supervisor.lock"  # held by the supervisor as long as it lives
        self.supervisor_log = self.path / "supervisor.log"
        self.models = self.path / "models"  # one folder for each model version that was fetched
        self.revisions = self.path / "revisions"
        self.collected = self.path / "collected"  # files of model data that are not carried to the server yet
        self.keep_cache = self.path / "keep-cache"  # there: the files stay when the service is deleted
        self._source = self.path / "source.json"

    def log(self, created_at: int) -> Path:
        """The log of the service that was made at that time: a later one of the same name begins anew."""
        return self.path / f"service-{created_at}.log"

    def is_supervised(self) -> bool:
        """Whether a supervisor lives on this machine."""
        try:
            with self.lock.open("rb") as file:
                return not try_lock(file)
        except FileNotFoundError:
            return False

    def write_source(self, source: Source) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self._source.write_text(json.dumps(asdict(source)), "utf-8")

    def read_source(self) -> Source | None:
        try:
            return decode(self._source.read_bytes(), Source, what=str(self._source))
        except FileNotFoundError:
            return None
