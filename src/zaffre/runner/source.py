"""The run's source files: the snapshot, unpacked into the run's own folder."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

from zaffre.core.errors import SnapshotException
from zaffre.core.names import check_artifact_path
from zaffre.sdk.client import Client, segment


def fetch(client: Client, workspace: str, snapshot_id: str, spool: Path, folder: Path) -> None:
    """Make ``folder`` hold the files of a snapshot, executable where they were. Raises ``SnapshotException``."""
    archive = spool / "snapshot.zip"
    client.download(f"{client.ws(workspace)}/snapshots/{segment(snapshot_id)}.zip", archive)
    try:
        unpack(archive, folder)
    except (zipfile.BadZipFile, OSError) as error:
        raise SnapshotException(f"Snapshot {snapshot_id} cannot be unpacked into {folder}: {error}.") from error
    finally:
        archive.unlink(missing_ok=True)


def unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as files:
        for entry in files.infolist():
            if entry.is_dir():
                continue
            target = folder / check_artifact_path(entry.filename)
            target.parent.mkdir(parents=True, exist_ok=True)
            with files.open(entry) as source, target.open("wb") as copy:
                while piece := source.read(1024 * 1024):
                    copy.write(piece)
            if (entry.external_attr >> 16) & stat.S_IXUSR:
                target.chmod(0o755)
