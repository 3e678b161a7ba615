"""Webhooks: who is told of what happens in the registry, and what is still to be told."""

from __future__ import annotations

from sqlalchemy import Index, Table, UniqueConstraint

from zaffre.server.store.schema.columns import json, key_column, metadata, number, owner, text

webhooks = Table(
    "webhooks",
    metadata,
    key_column(),
    owner("workspace_pk", "workspaces.pk"),
    text("id", default=None),
    text("name", default=None),
    text("description"),
    text("url", default=None),
    text("secret", nullable=True),  # signs what is sent; encrypted, on no wire and in no log
    json("events"),  # such as ["model_version.created"]
    number("active", default=1),
    number("created_at"),
    number("updated_at"),
    UniqueConstraint("id"),
    Index("ix_webhooks_workspace", "workspace_pk"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    key_column(),
    owner("webhook_pk", "webhooks.pk"),
    text("id", default=None),  # the same however often it is sent
    text("event", default=None),
    text("body", default=None),
    number("created_at"),
    number("attempts", default=0),
    number("due_at"),  # not to be sent before; while it is leased, when the lease ends
    text("lease", nullable=True),
    UniqueConstraint("id"),
    Index("ix_webhook_deliveries_due", "due_at"),
    Index("ix_webhook_deliveries_webhook", "webhook_pk"),
)
