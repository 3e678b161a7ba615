"""Webhooks and what they are still to be sent. A delivery is a row that is written with the act it tells of, leased by
the loop that sends it, and removed once it has arrived or was given up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from zaffre.core.errors import NotFound
from zaffre.core.ids import new_hex, now_ms
from zaffre.server.store.paging import Found, Sort, cut, page
from zaffre.server.store.schema import webhook_deliveries, webhooks, workspaces
from zaffre.server.store.workspaces import key_of as workspace_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    workspace: str
    id: str
    name: str
    description: str
    url: str
    events: tuple[str, ...]  # such as "model_version.created"
    active: bool
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What is to be sent, under the lease that whoever sends it holds."""

    pk: int
    id: str
    lease: str
    webhook_id: str
    url: str
    secret: str | None
    event: str
    body: str
    attempts: int  # this one counted


def add(connection: Connection, ws: str, **values: Any) -> Webhook:
    now = now_ms()
    row = {"id": new_hex(), "workspace_pk": workspace_key(connection, ws), "created_at": now, "updated_at": now}
    connection.execute(insert(webhooks).values(**row, **values))
    return get(connection, ws, str(row["id"]))


def get(connection: Connection, ws: str, webhook_id: str) -> Webhook:
    found = connection.execute(_rows(ws).where(webhooks.c.id == webhook_id)).first()
    if found is None:
        raise NotFound(f"Webhook {webhook_id!r} not found in workspace {ws}.", webhook=webhook_id)
    return _webhook(found)


def secret_of(connection: Connection, ws: str, webhook_id: str) -> str | None:
    """The secret as it is kept: only ``webhooks.seal`` opens it."""
    get(connection, ws, webhook_id)
    secret: str | None = connection.execute(select(webhooks.c.secret).where(webhooks.c.id == webhook_id)).scalar()
    return secret


def secrets(connection: Connection) -> dict[int, str]:
    """Every secret as it is kept, by the key of its row."""
    query = select(webhooks.c.pk, webhooks.c.secret).where(webhooks.c.secret.is_not(None))
    return {row.pk: row.secret for row in connection.execute(query)}


def put_secrets(connection: Connection, changes: Mapping[int, tuple[str, str]]) -> None:
    """Replace secrets, by the keys of their rows: what was kept, and what shall be."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")  # leave nothing of them in the file
    for pk, (old, new) in changes.items():
        mine = (webhooks.c.pk == pk) & (webhooks.c.secret == old)
        connection.execute(update(webhooks).where(mine).values(secret=new))


def search(connection: Connection, ws: str, *, limit: int, after: str | None = None) -> Found[Webhook]:
    """One page, the newest first."""
    sorts = [Sort(webhooks.c.created_at, descending=True), Sort(webhooks.c.pk, descending=True)]
    found, token = cut(connection.execute(page(_rows(ws), sorts, after, limit)).all(), sorts, limit)
    return Found([_webhook(row) for row in found], token)


def change(connection: Connection, ws: str, webhook_id: str, values: Mapping[str, Any]) -> Webhook:
    """Set columns. One that is switched off forgets what it was still to be sent."""
    get(connection, ws, webhook_id)
    connection.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(**values, updated_at=now_ms()))
    if values.get("active") == 0:
        mine = select(webhooks.c.pk).where(webhooks.c.id == webhook_id).scalar_subquery()
        connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.webhook_pk == mine))
    return get(connection, ws, webhook_id)


def remove(connection: Connection, ws: str, webhook_id: str) -> None:
    get(connection, ws, webhook_id)
    connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))


def publish(connection: Connection, ws: str, entity: str, action: str, data: Mapping[str, Any]) -> None:
    """Write down that every webhook of the workspace that asked for this event is to be sent it."""
    event = f"{entity}.{action}"
    query = (
        select(webhooks.c.pk, webhooks.c.events)
        .join(workspaces, workspaces.c.pk == webhooks.c.workspace_pk)
        .where(workspaces.c.name == ws, webhooks.c.active == 1)
    )
    wanted = [row.pk for row in connection.execute(query) if event in row.events]
    if not wanted:
        return
    now = now_ms()
    body = body_of(ws, entity, action, data)
    rows = [
        {"webhook_pk": pk, "id": new_hex(), "event": event, "body": body, "created_at": now, "due_at": now}
        for pk in wanted
    ]
    connection.execute(insert(webhook_deliveries), rows)


def body_of(ws: str, entity: str, action: str, data: Mapping[str, Any]) -> str:
    """The JSON text that is signed and sent, as MLflow's server writes it."""
    moment = datetime.now(timezone.utc).isoformat()
    message = {"entity": entity, "action": action, "timestamp": moment, "data": data, "workspace": ws}
    return msgspec.json.encode(message).decode()


def has_due(connection: Connection, now: int) -> bool:
    query = select(webhook_deliveries.c.pk).where(webhook_deliveries.c.due_at <= now).limit(1)
    return connection.execute(query).first() is not None


def lease(connection: Connection, now: int, until: int, most: int) -> list[Delivery]:
    """Take the deliveries that are due, the oldest first; until ``until`` nobody else is given them."""
    query = (
        select(webhook_deliveries, webhooks.c.url, webhooks.c.secret, webhooks.c.id.label("webhook_id"))
        .join(webhooks, webhooks.c.pk == webhook_deliveries.c.webhook_pk)
        .where(webhook_deliveries.c.due_at <= now)
        .order_by(webhook_deliveries.c.due_at, webhook_deliveries.c.pk)
        .limit(most)
    )
    taken = []
    for row in connection.execute(query).all():
        token = new_hex()
        values = {"lease": token, "due_at": until, "attempts": row.attempts + 1}
        connection.execute(update(webhook_deliveries).where(webhook_deliveries.c.pk == row.pk).values(**values))
        taken.append(
            Delivery(
                pk=row.pk,
                id=row.id,
                lease=token,
                webhook_id=row.webhook_id,
                url=row.url,
                secret=row.secret,
                event=row.event,
                body=row.body,
                attempts=row.attempts + 1,
            )
        )
    return taken


def settle(connection: Connection, pk: int, token: str, due_at: int | None) -> bool:
    """Remove a delivery, or have it sent again at ``due_at``; False if the lease was lost meanwhile."""
    mine = (webhook_deliveries.c.pk == pk) & (webhook_deliveries.c.lease == token)
    if due_at is None:
        return connection.execute(delete(webhook_deliveries).where(mine)).rowcount == 1
    again = update(webhook_deliveries).where(mine).values(due_at=due_at, lease=None)
    return connection.execute(again).rowcount == 1


def waiting(connection: Connection, ws: str, webhook_id: str) -> Sequence[str]:
    """The ids of what a webhook is still to be sent."""
    query = (
        select(webhook_deliveries.c.id)
        .join(webhooks, webhooks.c.pk == webhook_deliveries.c.webhook_pk)
        .join(workspaces, workspaces.c.pk == webhooks.c.workspace_pk)
        .where(workspaces.c.name == ws, webhooks.c.id == webhook_id)
        .order_by(webhook_deliveries.c.pk)
    )
    return list(connection.execute(query).scalars())


def _rows(ws: str) -> Any:
    columns: Iterable[Any] = (column for column in webhooks.c if column.name != "secret")
    return (
        select(*columns, workspaces.c.name.label("workspace"))
        .join(workspaces, workspaces.c.pk == webhooks.c.workspace_pk)
        .where(workspaces.c.name == ws)
    )


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(
        workspace=row.workspace,
        id=row.id,
        name=row.name,
        description=row.description,
        url=row.url,
        events=tuple(row.events),
        active=bool(row.active),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
