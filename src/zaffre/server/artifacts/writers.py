"""Files on their way into the artifact folder."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import IO

from zaffre.core.entities import ArtifactInfo
from zaffre.core.errors import AlreadyExists, InvalidValue
from zaffre.server.artifacts.disk import foreign, make_folders, sync_folder


class FileWriter:
    """Implements ``contract.Writer`` for a named file."""

    def __init__(self, temporary: Path, target: Path, path: str, *, overwrite: bool) -> None:
        self._temporary = temporary
        self._target = target
        self._path = path
        self._overwrite = overwrite
        with foreign(path):
            self._file = temporary.open("xb", buffering=0)

    def write(self, data: bytes) -> None:
        with foreign(self._path):
            _write_all(self._file, data)

    def commit(self) -> ArtifactInfo:
        try:
            with foreign(self._path):
                os.fsync(self._file.fileno())
                self._file.close()
                make_folders(self._target.parent)
                self._name()
                sync_folder(self._target.parent)
                return info_of(self._target, self._path)
        finally:
            self.abort()

    def abort(self) -> None:
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def _name(self) -> None:
        if self._overwrite:
            self._temporary.replace(self._target)
            return
        try:
            # A link refuses an existing name, which a rename would replace: of two writers one loses, and knows it.
            os.link(self._temporary, self._target)
        except FileExistsError as error:
            raise already(self._path) from error
        except PermissionError:  # a file system without hard links
            if self._target.exists():
                raise already(self._path) from None
            self._temporary.replace(self._target)


class BlobWriter:
    """Implements ``contract.Writer`` for a blob, whose name is the hash of its content."""

    def __init__(self, temporary: Path, target: Path, sha256: str) -> None:
        self._temporary = temporary
        self._target = target
        self._sha256 = sha256
        self._hash = hashlib.sha256()
        with foreign(sha256):
            self._file = temporary.open("xb", buffering=0)

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        with foreign(self._sha256):
            _write_all(self._file, data)

    def commit(self) -> ArtifactInfo:
        try:
            got = self._hash.hexdigest()
            if got != self._sha256:
                raise InvalidValue(
                    f"The content sent for blob {self._sha256} has the SHA-256 {got}. Send the file again."
                )
            with foreign(self._sha256):
                self._file.close()
                self._target.parent.mkdir(parents=True, exist_ok=True)
                self._temporary.replace(self._target)
                return info_of(self._target, self._sha256)
        finally:
            self.abort()

    def abort(self) -> None:
        self._file.close()
        self._temporary.unlink(missing_ok=True)


def already(path: str) -> AlreadyExists:
    return AlreadyExists(f"There is already an artifact {path!r}. Choose another name, or overwrite it.", path=path)


def info_of(file: Path, path: str) -> ArtifactInfo:
    found = file.stat()
    if file.is_dir():
        return ArtifactInfo(path=path, is_dir=True)
    return ArtifactInfo(path=path, is_dir=False, size=found.st_size, modified_at=found.st_mtime_ns // 1_000_000)


def _write_all(file: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def extend(target: Path, size: int, data: bytes) -> None:
    """Append durably to a file of ``size`` bytes, all or nothing."""
    # Unbuffered: what a buffer holds after a failed write would be written again when the file is closed.
    with target.open("ab", buffering=0) as file:
        try:
            _write_all(file, data)
            os.fsync(file.fileno())
        except OSError:
            os.truncate(file.fileno(), size)
            raise
