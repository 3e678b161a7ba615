"""The run of a script that is not inside a run: it says what would have been logged, and keeps nothing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any


class _OfflineRun:
    """Has exactly the methods of Azure's offline run. Nothing is sent or kept."""

    def __init__(self, run_id: str | None = None) -> None:
        self._id = run_id or f"OfflineRun_{uuid.uuid4()}"

    def __repr__(self) -> str:
        return f"_OfflineRun(run_id={self._id!r})"

    @property
    def id(self) -> str:
        return self._id

    @property
    def identity(self) -> str:
        return f"Run#{self._id}"

    def log(self, name: str, value: Any, description: str = "") -> None:
        _attempted("scalar", name, value)

    def log_list(self, name: str, value: Any, description: str = "") -> None:
        _attempted("list", name, value)

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        _attempted("row", name, kwargs)

    def log_table(self, name: str, value: Any, description: str = "") -> None:
        _attempted("table", name, value)

    def log_image(self, name: str, path: str | None = None, plot: Any = None, description: str = "") -> None:
        _attempted("image", name, path if path is not None else plot)

    def log_residuals(self, name: str, value: Any, description: str = "") -> None:
        _attempted("residual", name, value)

    def log_predictions(self, name: str, value: Any, description: str = "") -> None:
        _attempted("predictions", name, value)

    def log_accuracy_table(self, name: str, value: Any, description: str = "") -> None:
        _attempted("accuracy_table", name, value)

    def log_confusion_matrix(self, name: str, value: Any, description: str = "") -> None:
        _attempted("confusion_matrix", name, value)

    def tag(self, key: str, value: str | None = None) -> None:
        print(f"Attempted to tag run with id {self._id} with {key}: {value}")

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        print(f"Attempted to set tags of run with id {self._id}: {tags}")

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        print(f"Attempted to add properties to run with id {self._id}: {properties}")

    def upload_file(self, name: str, path_or_stream: Any, datastore_name: str | None = None) -> None:
        print(f"Attempted to upload file {path_or_stream} as {name} to run with id {self._id}")

    def upload_files(
        self,
        names: Sequence[str],
        paths: Sequence[str],
        return_artifacts: bool = False,
        timeout_seconds: int | None = None,
        datastore_name: str | None = None,
    ) -> None:
        print(f"Attempted to upload files {list(paths)} as {list(names)} to run with id {self._id}")

    def upload_folder(self, name: str, path: str, datastore_name: str | None = None) -> None:
        print(f"Attempted to upload folder {path} as {name} to run with id {self._id}")

    def flush(self, timeout_seconds: float = 300) -> None:
        print(f"Attempted to flush run with id {self._id}")

    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: str | None = None) -> _OfflineRun:
        return _OfflineRun(f"{self._id}.{name or uuid.uuid4()}")

    def complete(self, _set_status: bool = True) -> None:
        """Does nothing."""

    def cancel(self) -> None:
        """Does nothing."""

    def fail(self, error_details: Any = None, error_code: str | None = None, _set_status: bool = True) -> None:
        print(f"Attempted to fail run with id {self._id}. Error code: {error_code}. Details: {error_details}")

    def __enter__(self) -> _OfflineRun:
        print(f"[START] Run {self._id} context")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        print(f"[STOP] Run {self._id} context")


def _attempted(kind: str, name: str, value: Any) -> None:
    print(f"Attempted to log {kind} metric {name}:\n{value}")
