"""Uploads of models that are not registered yet."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from zaffre.core.errors import NotFound
from zaffre.server.store.schema import uploads, workspaces
from zaffre.server.store.workspaces import key_of


def add(connection: Connection, ws: str, upload_id: str, now: int) -> None:
    connection.execute(insert(uploads).values(id=upload_id, workspace_pk=key_of(connection, ws), created_at=now))


def check(connection: Connection, ws: str, upload_id: str) -> None:
    """Raise ``NotFound`` unless the workspace has this upload."""
    query = (
        select(uploads.c.id)
        .join(workspaces, workspaces.c.pk == uploads.c.workspace_pk)
        .where(workspaces.c.name == ws, uploads.c.id == upload_id)
    )
    if connection.execute(query).first() is None:
        raise NotFound(
            f"There is no upload {upload_id} in workspace {ws}, or it was registered already. Begin a new one.",
            upload_id=upload_id,
        )


def remove(connection: Connection, upload_id: str) -> None:
    connection.execute(delete(uploads).where(uploads.c.id == upload_id))


def has_before(connection: Connection, before: int) -> bool:
    return connection.execute(select(uploads.c.id).where(uploads.c.created_at < before).limit(1)).first() is not None


def remove_before(connection: Connection, before: int) -> list[str]:
    """Forget the uploads that were begun before a time, and answer their ids: their files are to go too."""
    return list(
        connection.execute(delete(uploads).where(uploads.c.created_at < before).returning(uploads.c.id)).scalars()
    )
