"""Snapshots of source folders: blobs by the hash of their content, and lists of which file is which blob."""

from __future__ import annotations

import hashlib
import uuid

from zaffre.core import limits
from zaffre.core.entities import Snapshot, SnapshotFile
from zaffre.core.errors import InvalidValue, SnapshotException, SnapshotTooLarge
from zaffre.core.ids import now_ms
from zaffre.core.names import check_artifact_path
from zaffre.core.wire import BlobInfo
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.store import snapshots, workspaces
from zaffre.server.store.engine import Store


class Snapshots:
    """The acts on snapshots. A snapshot's id is made of its content: the same files are the same snapshot."""

    def __init__(self, store: Store, artifacts: ArtifactStore) -> None:
        self._store = store
        self._artifacts = artifacts

    def missing(self, files: list[BlobInfo]) -> list[str]:
        """The hashes of those blobs that the store does not have yet, each once."""
        return [
            sha256
            for sha256 in dict.fromkeys(file.sha256 for file in files)
            if self._artifacts.blob_size(sha256) is None
        ]

    def create(self, workspace: str, files: list[SnapshotFile]) -> Snapshot:
        """A durable snapshot of blobs that were sent before.

        ``SnapshotException`` names a blob that is missing, ``SnapshotTooLarge`` a size over the workspace's limit.
        How many files a snapshot may have is the SDK's to check.
        """
        size = sum(file.size for file in files)
        own_limit = self._store.read(lambda connection: workspaces.get(connection, workspace)).snapshot_limit_bytes
        limit = limits.SNAPSHOT_BYTES if own_limit is None else own_limit
        if size > limit:
            raise SnapshotTooLarge(
                f"The source folder has {size} bytes; workspace {workspace} takes {limit}. List what the run does not "
                "need in .amlignore, or raise the workspace's limit.",
                size=size,
                limit=limit,
            )
        named = sorted(_checked(files), key=lambda file: file.path)
        for file in named:
            self._check_blob(file)
        self._artifacts.blobs_sync([file.sha256 for file in named])
        snapshot = Snapshot(id=_id_of(named), files=named, created_at=now_ms(), size=size)
        return self._store.write(lambda connection: snapshots.add(connection, workspace, snapshot))

    def get(self, workspace: str, snapshot_id: str) -> Snapshot:
        return self._store.read(lambda connection: snapshots.get(connection, workspace, snapshot_id))

    def _check_blob(self, file: SnapshotFile) -> None:
        size = self._artifacts.blob_size(file.sha256)
        if size is None:
            raise SnapshotException(
                f"The content of {file.path!r} ({file.sha256}) is not on the server. Send it before the snapshot.",
                path=file.path,
                sha256=file.sha256,
            )
        if size != file.size:
            raise SnapshotException(
                f"{file.path!r} is said to have {file.size} bytes, but its content has {size}.", path=file.path
            )


def _checked(files: list[SnapshotFile]) -> list[SnapshotFile]:
    """The files under normalised paths, none of which is another or lies in another."""
    paths = {check_artifact_path(file.path): file for file in files}
    if len(paths) != len(files):
        raise InvalidValue("Two files of the snapshot have the same path. Name each file once.")
    for path in paths:
        parents = path.split("/")[:-1]
        for depth in range(len(parents)):
            if "/".join(parents[: depth + 1]) in paths:
                raise InvalidValue(f"{path!r} lies in a file of the snapshot, which cannot be.", path=path)
    return [
        SnapshotFile(path=path, sha256=file.sha256, size=file.size, executable=file.executable)
        for path, file in paths.items()
    ]


def _id_of(files: list[SnapshotFile]) -> str:
    """A UUID made of paths, contents and modes."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.path}\0{file.sha256}\0{int(file.executable)}\n".encode())
    return str(uuid.UUID(bytes=digest.digest()[:16], version=4))
