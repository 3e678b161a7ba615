"""The artifact store in a folder of this machine.

``<base>/<root>/<path>`` is a file as the user named it; ``<base>/blobs/<2 hex>/<sha256>`` is a snapshot's blob;
``<base>/tmp`` holds files on their way in. A file is written there, synced, and then gets its name, so that no reader
and no crash ever sees half of one.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from zaffre.core import ids
from zaffre.core.entities import ArtifactInfo, SnapshotFile
from zaffre.core.errors import InvalidName, InvalidValue, StateConflict
from zaffre.core.names import check_artifact_path
from zaffre.server.artifacts import zips
from zaffre.server.artifacts.disk import foreign, make_folders, sync_folder
from zaffre.server.artifacts.writers import BlobWriter, FileWriter, already, extend, info_of

_PIECE = 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


class LocalArtifacts:
    """Implements ``contract.ArtifactStore``. One instance owns its folder; it may be used from many threads."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._tmp = base / "tmp"
        self._append_lock = threading.Lock()
        # What an earlier process left half written belongs to nobody.
        shutil.rmtree(self._tmp, ignore_errors=True)
        make_folders(self._tmp)
        self._real_base = Path(os.path.realpath(base))

    def create(self, root: str, path: str, *, overwrite: bool = False) -> FileWriter:
        target, path = self._locate(root, path)
        if target.is_dir() or (target.exists() and not overwrite):
            raise already(path)
        return FileWriter(self._temporary(), target, path, overwrite=overwrite)

    def append(self, root: str, path: str, offset: int, data: bytes) -> int:
        target, path = self._locate(root, path)
        if offset < 0:
            raise InvalidValue(f"The offset of an append to {path!r} is {offset}: it must be 0 or more.")
        with self._append_lock, foreign(path):
            known = _info_or_none(target, path)
            size = known.size or 0 if known else 0
            if offset > size:
                raise StateConflict(
                    f"{path!r} has {size} bytes: {offset} is behind its end. Send what is missing first.",
                    path=path,
                    size=size,
                )
            fresh = data[size - offset :]
            if known is None:
                make_folders(target.parent)
            if known is None or fresh:
                self._extend(target, size, fresh)
            if known is None:
                sync_folder(target.parent)
            return size + len(fresh)

    def info(self, root: str, path: str) -> ArtifactInfo:
        target, path = self._locate(root, path)
        with foreign(path):
            return info_of(target, path)

    def read(self, root: str, path: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        target, path = self._locate(root, path)
        with foreign(path):
            return _pieces(target.open("rb"), start, end)

    def listing(self, root: str, prefix: str = "", *, recursive: bool = True) -> list[ArtifactInfo]:
        base = self._root(root)
        if recursive:
            return list(self._matching(base, prefix))
        folder = base
        if prefix.strip("/"):
            folder, prefix = self._locate(root, prefix.strip("/"))
        if not folder.is_dir():
            return []
        above = f"{prefix}/" if folder != base else ""
        return [info_of(entry, above + entry.name) for entry in sorted(folder.iterdir(), key=lambda e: e.name)]

    def delete(self, root: str, path: str) -> None:
        target, path = self._locate(root, path)
        with foreign(path):
            if target.is_dir():
                shutil.rmtree(target)
            else:
                target.unlink()

    def delete_root(self, root: str) -> None:
        shutil.rmtree(self._root(root), ignore_errors=True)

    def copy(self, source: tuple[str, str], target: tuple[str, str]) -> int:
        from_path, shown = self._locate(*source)
        to_path, _ = self._locate(*target)
        with foreign(shown):
            if from_path.is_dir():
                found = [(file, to_path / file.relative_to(from_path)) for file in sorted(from_path.rglob("*"))]
                pairs = [(file, goal) for file, goal in found if file.is_file()]
            else:
                pairs = [(from_path, to_path)]
            return sum(self._link(file, goal) for file, goal in pairs)

    def move_root(self, source: str, target: str) -> None:
        from_path, to_path = self._root(source), self._root(target)
        if to_path.exists():
            raise already(target)
        with foreign(source):
            make_folders(to_path.parent)
            from_path.rename(to_path)
            sync_folder(to_path.parent)

    def zip(self, root: str, *prefixes: str) -> Iterator[bytes]:
        base = self._root(root)
        found = (info.path for prefix in prefixes or ("",) for info in self._matching(base, prefix))
        return zips.stream(zips.Member(path, base / path) for path in found)

    def blob_create(self, sha256: str) -> BlobWriter:
        return BlobWriter(self._temporary(), self._blob(sha256), sha256)

    def blob_size(self, sha256: str) -> int | None:
        try:
            return self._blob(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def blob_read(self, sha256: str) -> Iterator[bytes]:
        with foreign(sha256):
            return _pieces(self._blob(sha256).open("rb"), 0, None)

    def blobs_sync(self, hashes: list[str]) -> None:
        folders = set()
        for sha256 in hashes:
            file = self._blob(sha256)
            folders.add(file.parent)
            with foreign(sha256), file.open("rb") as handle:
                os.fsync(handle.fileno())
        for folder in folders:
            sync_folder(folder)

    def blob_zip(self, files: list[SnapshotFile]) -> Iterator[bytes]:
        return zips.stream(zips.Member(file.path, self._blob(file.sha256), file.executable) for file in files)

    def _root(self, root: str) -> Path:
        return self._base / check_artifact_path(root)

    def _locate(self, root: str, path: str) -> tuple[Path, str]:
        """The file for a checked path, and the path normalised; a link that leads out of the store is refused."""
        path = check_artifact_path(path)
        target = self._root(root) / path
        with foreign(path):
            real = Path(os.path.realpath(target.parent))
        if not real.is_relative_to(self._real_base) or target.is_symlink():
            raise InvalidName(f"{path!r} is not an artifact path: it leads out of the artifact store.", path=path)
        return target, path

    def _temporary(self) -> Path:
        return self._tmp / ids.new_hex()

    def _blob(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise InvalidName(f"{sha256!r} is not a SHA-256: use 64 lower-case hexadecimal digits.")
        return self._base / "blobs" / sha256[:2] / sha256

    def _matching(self, base: Path, prefix: str) -> Iterator[ArtifactInfo]:
        # Only the folder that every match is in is walked, not the whole root.
        above = prefix.rpartition("/")[0]
        start = base / check_artifact_path(above) if above.strip("/") else base
        found = []
        for folder, _, names in os.walk(start):
            relative = Path(folder).relative_to(base).as_posix()
            for name in names:
                path = name if relative == "." else f"{relative}/{name}"
                if path.startswith(prefix):
                    found.append(path)
        for path in sorted(found):
            try:
                yield info_of(base / path, path)
            except FileNotFoundError:  # removed while it was listed
                continue

    def _link(self, source: Path, target: Path) -> int:
        """Give ``source`` a second name; ``append`` and ``create`` never change a file that has two."""
        make_folders(target.parent)
        try:
            os.link(source, target)
        except FileExistsError as error:
            raise already(target.name) from error
        except OSError:  # a file system without hard links
            temporary = self._temporary()
            try:
                shutil.copyfile(source, temporary)
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)
        return target.stat().st_size

    def _extend(self, target: Path, size: int, fresh: bytes) -> None:
        if size and target.stat().st_nlink > 1:  # the other name is a copy, which must stay as it is
            temporary = self._temporary()
            try:
                shutil.copyfile(target, temporary)
                extend(temporary, size, fresh)
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)
        else:
            extend(target, size, fresh)


def _info_or_none(target: Path, path: str) -> ArtifactInfo | None:
    try:
        found = info_of(target, path)
    except FileNotFoundError:
        return None
    if found.is_dir:
        raise IsADirectoryError(path)
    return found


def _pieces(file: IO[bytes], start: int, end: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = None if end is None else end - start
        while left is None or left > 0:
            piece = file.read(_PIECE if left is None else min(_PIECE, left))
            if not piece:
                return
            if left is not None:
                left -= len(piece)
            yield piece
