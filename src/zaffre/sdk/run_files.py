"""The files of a run: up, down and listed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from zaffre.core import entities, wire
from zaffre.core.codec import decode
from zaffre.core.errors import NotFound, UserErrorException
from zaffre.core.names import check_artifact_path
from zaffre.sdk.run_base import RunBase
from zaffre.sdk.unbuilt import not_built

LOG_FOLDERS = ("azureml-logs/", "logs/", "user_logs/", "system_logs/")


class RunFiles(RunBase):
    """Names are relative paths with slashes, such as ``outputs/model.pkl``. A name once used is not overwritten."""

    def upload_file(
        self, name: str, path_or_stream: str | os.PathLike[str] | BinaryIO, datastore_name: str | None = None
    ) -> wire.FileAnswer:
        """Upload a file, or an open binary stream, as ``name``; raises ``AlreadyExists`` when the run has that name."""
        _refuse_datastore(datastore_name)
        if isinstance(path_or_stream, (str, os.PathLike)) and not Path(path_or_stream).is_file():
            raise UserErrorException(f"There is no file {path_or_stream} to upload as {name}.")
        route = self._route("artifacts", file=check_artifact_path(name))
        overwrite = self._may_replace(name) or None
        answer = self._scope.client.upload(route, path_or_stream, overwrite=overwrite)
        return decode(answer, wire.FileAnswer, what="the upload's answer")

    def _may_replace(self, name: str) -> bool:
        """Whether an upload may take the place of a file that is there."""
        return False

    def upload_files(
        self,
        names: Sequence[str],
        paths: Sequence[str | os.PathLike[str]],
        return_artifacts: bool = False,
        timeout_seconds: int | None = None,
        datastore_name: str | None = None,
    ) -> dict[str, wire.FileAnswer] | None:
        """Upload each path under the name beside it; lists of different lengths raise ``TypeError``.

        With ``return_artifacts`` the answers by name. Each file may take as long as it needs to arrive, so
        ``timeout_seconds`` does not cut an upload short.
        """
        if len(names) != len(paths):
            raise TypeError(f"upload_files got {len(names)} names and {len(paths)} paths: give one name for each path.")
        answers = {name: self.upload_file(name, path, datastore_name) for name, path in zip(names, paths, strict=True)}
        return answers if return_artifacts else None

    def upload_folder(
        self, name: str, path: str | os.PathLike[str], datastore_name: str | None = None
    ) -> dict[str, wire.FileAnswer]:
        """Upload every file below ``path``, each as ``<name>/<its path there>``."""
        folder = Path(path)
        if not folder.is_dir():
            raise UserErrorException(f"There is no folder {path} to upload as {name}.")
        files = files_below(folder)
        return {
            held: self.upload_file(held, file, datastore_name)
            for held, file in ((f"{name.rstrip('/')}/{below}", file) for below, file in files)
        }

    def get_file_names(self) -> list[str]:
        """The names of all files of the run, sorted."""
        return sorted(info.path for info in self._artifacts())

    def download_file(
        self, name: str, output_file_path: str | os.PathLike[str] | None = None, _validate_checksum: bool = False
    ) -> None:
        """Download one file: to the current folder under its own base name, to a path, or into a folder.

        A name that the run does not have raises ``UserErrorException`` with the names it has.
        """
        base = name.rsplit("/", 1)[-1]
        target = Path(output_file_path) if output_file_path is not None else Path(base)
        if target.is_dir() or str(output_file_path or "").endswith(("/", os.sep)):
            target = target / base
        try:
            self._scope.client.download(self._route("artifacts", file=check_artifact_path(name)), target)
        except NotFound as error:
            held = ", ".join(self.get_file_names()) or "none"
            raise UserErrorException(f"The run {self._id} has no file {name}. Its files: {held}.") from error

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | os.PathLike[str] | None = None,
        output_paths: Sequence[str] | None = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: int | None = None,
    ) -> None:
        """Download every file whose name starts with ``prefix`` into ``output_directory`` (default: here).

        ``append_prefix`` keeps the prefix in the local paths; ``output_paths`` names each local path instead, in the
        order of ``get_file_names()``. Files come one after another, whatever ``batch_size`` says.
        """
        names = [name for name in self.get_file_names() if name.startswith(prefix or "")]
        if output_paths is not None and len(output_paths) != len(names):
            raise UserErrorException(
                f"download_files got {len(output_paths)} output_paths for {len(names)} files: {', '.join(names)}."
            )
        root = Path(output_directory) if output_directory is not None else Path()
        for number, name in enumerate(names):
            below = name if append_prefix else name[len(prefix or "") :].lstrip("/") or name.rsplit("/", 1)[-1]
            target = root / (output_paths[number] if output_paths is not None else below)
            self._scope.client.download(self._route("artifacts", file=name), target)

    def get_all_logs(self, destination: str | os.PathLike[str] | None = None) -> list[str]:
        """Download every log file; returns the local paths. Default folder: ``assets/<run id>`` here."""
        root = Path(destination) if destination is not None else Path("assets") / self._id
        paths = []
        for name in self._log_names():
            paths.append(str(self._scope.client.download(self._route("artifacts", file=name), root / name)))
        return paths

    def _log_names(self) -> list[str]:
        return [name for name in self.get_file_names() if name.startswith(LOG_FOLDERS)]

    def _artifacts(self, prefix: str | None = None) -> list[entities.ArtifactInfo]:
        """The files of the run, without folders."""
        items = self._scope.client.items(self._route("artifacts"), entities.ArtifactInfo, prefix=prefix, recursive=True)
        return [info for info in items if not info.is_dir]


def files_below(folder: Path) -> list[tuple[str, Path]]:
    """Every file below a folder with its path there, slashes in it, sorted."""
    found: list[tuple[str, Path]] = []
    for parent, folders, names in os.walk(folder):
        folders.sort()
        found.extend(((Path(parent) / name).relative_to(folder).as_posix(), Path(parent) / name) for name in names)
    return sorted(found)


def _refuse_datastore(name: Any) -> None:
    if name not in (None, "workspaceartifactstore"):
        raise not_built(
            "Uploading a run's files to a datastore of choice",
            "leave datastore_name out, or copy the file with the datastore's upload_files",
        )
