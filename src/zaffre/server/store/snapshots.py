"""Snapshots: which files, by the hash of their content, a submitted source folder had."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from zaffre.core.entities import Snapshot, SnapshotFile
from zaffre.core.errors import NotFound
from zaffre.server.store.schema import snapshot_files, snapshots, workspaces
from zaffre.server.store.workspaces import key_of


def add(connection: Connection, workspace: str, snapshot: Snapshot) -> Snapshot:
    """Keep a snapshot; the one with this id, if it is kept already, stays as it is."""
    pk = key_of(connection, workspace)
    known = select(snapshots.c.pk).where(snapshots.c.workspace_pk == pk, snapshots.c.id == snapshot.id)
    if connection.execute(known).first() is not None:
        return get(connection, workspace, snapshot.id)
    made = connection.execute(
        insert(snapshots).values(workspace_pk=pk, id=snapshot.id, created_at=snapshot.created_at, size=snapshot.size)
    )
    snapshot_pk = made.inserted_primary_key[0] if made.inserted_primary_key else None
    rows = [
        {
            "snapshot_pk": snapshot_pk,
            "path": file.path,
            "sha256": file.sha256,
            "size": file.size,
            "executable": int(file.executable),
        }
        for file in snapshot.files
    ]
    if rows:
        connection.execute(insert(snapshot_files), rows)
    return snapshot


def get(connection: Connection, workspace: str, snapshot_id: str) -> Snapshot:
    """A snapshot with its files, by path; raises ``NotFound``."""
    query = (
        select(snapshots)
        .join(workspaces, workspaces.c.pk == snapshots.c.workspace_pk)
        .where(workspaces.c.name == workspace, snapshots.c.id == snapshot_id)
    )
    row = connection.execute(query).first()
    if row is None:
        key_of(connection, workspace)
        raise NotFound(f"There is no snapshot {snapshot_id} in workspace {workspace}.", snapshot_id=snapshot_id)
    files = select(snapshot_files).where(snapshot_files.c.snapshot_pk == row.pk).order_by(snapshot_files.c.path)
    return Snapshot(
        id=row.id,
        created_at=row.created_at,
        size=row.size,
        files=[
            SnapshotFile(path=file.path, sha256=file.sha256, size=file.size, executable=bool(file.executable))
            for file in connection.execute(files)
        ],
    )
