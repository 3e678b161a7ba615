"""What every artifact store offers: files below roots, addressed by relative POSIX paths.

A *root* is a name of the store's own space (see ``roots``); a *path* is what a user gave and is checked by every
method with ``names.check_artifact_path``. All methods block: doors call them in a thread. Errors are those of core:
``NotFound``, ``AlreadyExists``, ``StateConflict``, ``InvalidName``, ``StorageFull``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from zaffre.core.entities import ArtifactInfo, SnapshotFile


class Writer(Protocol):
    """One file on its way in: nothing is to be seen of it before ``commit``, and nothing is left after ``abort``."""

    def write(self, data: bytes) -> None: ...

    def commit(self) -> ArtifactInfo:
        """Make the file durable and visible. ``AlreadyExists`` unless it was opened to overwrite."""
        ...

    def abort(self) -> None:
        """Forget what was written; after ``commit`` it does nothing."""
        ...


class ArtifactStore(Protocol):
    def create(self, root: str, path: str, *, overwrite: bool = False) -> Writer:
        """A writer for one file. ``AlreadyExists`` at once, and again at commit, unless ``overwrite``."""
        ...

    def append(self, root: str, path: str, offset: int, data: bytes) -> int:
        """Add ``data`` at ``offset`` of a growing file and return its size.

        What overlaps the present end is skipped, so that a repeated request changes nothing; a gap is
        ``StateConflict`` with the fact ``size``.
        """
        ...

    def info(self, root: str, path: str) -> ArtifactInfo:
        """The file or folder at ``path``, or ``NotFound``."""
        ...

    def read(self, root: str, path: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes ``start`` to ``end`` (exclusive) of a file, in pieces; ``NotFound`` before the first piece."""
        ...

    def listing(self, root: str, prefix: str = "", *, recursive: bool = True) -> list[ArtifactInfo]:
        """Sorted by path. Recursive: every file whose path starts with the text ``prefix``.

        Else the files and folders directly in the folder ``prefix``. A root or folder that is not there is empty.
        """
        ...

    def delete(self, root: str, path: str) -> None:
        """Remove a file, or a folder with all that is in it; ``NotFound`` when there is neither."""
        ...

    def delete_root(self, root: str) -> None:
        """Remove a root with all that is in it; a root that is not there is no error."""
        ...

    def copy(self, source: tuple[str, str], target: tuple[str, str]) -> int:
        """Copy the file or folder ``(root, path)`` and return its bytes; later changes of the source do not show."""
        ...

    def move_root(self, source: str, target: str) -> None:
        """Rename a root at once; ``AlreadyExists`` when the target is there."""
        ...

    def zip(self, root: str, *prefixes: str) -> Iterator[bytes]:
        """A zip archive, made while it is read, of every file whose path starts with one of ``prefixes``, which have no
        file in common; without one, of all."""
        ...

    def blob_create(self, sha256: str) -> Writer:
        """A writer for a content-addressed blob; commit raises ``InvalidValue`` when the content has another hash."""
        ...

    def blob_size(self, sha256: str) -> int | None:
        """The size of a blob that the store has, else ``None``."""
        ...

    def blob_read(self, sha256: str) -> Iterator[bytes]: ...

    def blobs_sync(self, hashes: list[str]) -> None:
        """Make blobs durable together; a blob is sure to outlive a power failure only after this."""
        ...

    def blob_zip(self, files: list[SnapshotFile]) -> Iterator[bytes]:
        """A zip archive of blobs under the names of a snapshot."""
        ...
