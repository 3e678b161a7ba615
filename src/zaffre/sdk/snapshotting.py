"""Send a source folder to the server: only the contents that it does not have yet."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from zaffre.core import limits, wire
from zaffre.core.codec import decode
from zaffre.core.entities import Snapshot, SnapshotFile
from zaffre.core.errors import SnapshotException
from zaffre.core.ids import new_hex
from zaffre.core.snapshot import Found, Plan, check_limits, hash_file, plan_snapshot, snapshot_files, unique_blobs
from zaffre.sdk.discovery import home
from zaffre.sdk.progress import Bar
from zaffre.sdk.scope import Scope

NO_FILE_LIMIT: Final = "AML_SNAPSHOT_NO_FILE_LIMIT"
BAR_BYTES: Final = 20 * limits.MIB  # a progress bar is shown from here on
_BATCH: Final = 5000  # hashes asked for in one request
_log = logging.getLogger("zaffre")


def dry_run(source: str | os.PathLike[str]) -> Plan:
    """What a snapshot of the folder would hold, and what stays out; nothing is sent and no limit is checked."""
    return plan_snapshot(source)


def send_snapshot(scope: Scope, source: str | os.PathLike[str], *, whole: bool = False) -> Snapshot:
    """Keep a folder (or one file) on the server; returns the snapshot. ``whole``: ignore files are not applied.

    Raises ``SnapshotTooLarge``, which names the largest files, and ``SnapshotException`` when there is no such folder.
    """
    plan = plan_snapshot(source, whole=whole)
    check_limits(plan, _limit_bytes(scope), None if os.environ.get(NO_FILE_LIMIT) else limits.SNAPSHOT_FILES)
    files = snapshot_files(plan, HashCache(home() / "hashes").hashes(plan))
    _send_blobs(scope, plan, files)
    return scope.client.post(scope.path("snapshots"), Snapshot, wire.SnapshotCreate(files=files), idempotent=True)


def download_snapshot(scope: Scope, snapshot_id: str, folder: str | None = None) -> str:
    """The snapshot as ``<id>.zip`` in a folder (default: a temporary one); returns the file's path."""
    target = Path(folder) if folder is not None else Path(tempfile.mkdtemp(prefix="zaffre-snapshot-"))
    return str(scope.client.download(scope.path("snapshots", f"{snapshot_id}.zip"), target / f"{snapshot_id}.zip"))


class HashCache:
    """The content hashes of files that were hashed before, by folder, path, size and time of change.

    Losing it only costs time, so whatever is wrong with its file is as if there were none.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hashes(self, plan: Plan) -> dict[str, str]:
        """The SHA-256 of every file of the plan, by path."""
        file = self._folder / f"{_key(plan.root)}.json"
        known = _load(file)
        current: dict[str, tuple[int, int, str]] = {}
        for found in plan.files:
            size, modified, digest = known.get(found.path, (-1, -1, ""))
            if (size, modified) != (found.size, found.modified_ns):
                digest = _hash(plan.root, found)
            current[found.path] = (found.size, found.modified_ns, digest)
        if current != known:
            _store(file, current)
        return {path: digest for path, (_, _, digest) in current.items()}


def _hash(root: Path, found: Found) -> str:
    try:
        return hash_file(root / found.path)
    except OSError as error:
        raise SnapshotException(
            f"{root / found.path} cannot be read for the snapshot ({error.strerror}): make it readable, or name it in "
            "a .amlignore file."
        ) from error


def _send_blobs(scope: Scope, plan: Plan, files: list[SnapshotFile]) -> None:
    blobs = unique_blobs(files)
    hashes = list(blobs)
    missing: list[str] = []
    for start in range(0, len(hashes), _BATCH):
        wanted = [wire.BlobInfo(sha256=one, size=blobs[one].size) for one in hashes[start : start + _BATCH]]
        answer = scope.client.post(
            scope.path("snapshots", "missing"), wire.BlobsMissing, wire.BlobsWanted(files=wanted), idempotent=True
        )
        missing.extend(answer.missing)
    total = sum(blobs[one].size for one in missing)
    with Bar("Uploading snapshot", total, shown=total >= BAR_BYTES, out=sys.stderr) as bar:
        for digest in missing:
            blob = blobs[digest]
            scope.client.upload(scope.path("snapshots", "blobs", digest), plan.root / blob.path)
            bar.advance(blob.size)


def _limit_bytes(scope: Scope) -> int:
    limit = scope.client.get(scope.path(), wire.WorkspaceAnswer).workspace.snapshot_limit_bytes
    return limits.SNAPSHOT_BYTES if limit is None else limit


def _key(root: Path) -> str:
    return hashlib.sha256(str(root).encode()).hexdigest()[:32]


def _load(file: Path) -> dict[str, tuple[int, int, str]]:
    try:
        return decode(file.read_bytes(), dict[str, tuple[int, int, str]])
    except Exception as error:  # a cache of any shape must not stop a submission
        _log.debug("the hash cache %s is not used: %s", file, error)
        return {}


def _store(file: Path, entries: dict[str, tuple[int, int, str]]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f"{file.name}.{new_hex()}")
        partial.write_text(json.dumps(entries), "utf-8")
        os.replace(partial, file)
    except OSError as error:
        _log.debug("the hash cache %s is not kept: %s", file, error)
