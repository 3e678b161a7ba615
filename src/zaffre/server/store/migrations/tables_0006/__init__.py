"""Webhooks and their deliveries, as step 0006 makes them. Frozen: what changes later is a later step."""

from __future__ import annotations

from sqlalchemy import Index, MetaData, Table, UniqueConstraint

from zaffre.server.store.migrations.tables_0001 import metadata as first
from zaffre.server.store.migrations.tables_0001.columns import json, key_column, number, owner, text

metadata = MetaData(naming_convention=first.naming_convention)
first.tables["workspaces"].to_metadata(metadata)  # which these refer to

webhooks = Table(
    "webhooks",
    metadata,
    key_column(),
    owner("workspace_pk", "workspaces.pk"),
    text("id", default=None),
    text("name", default=None),
    text("description"),
    text("url", default=None),
    text("secret", nullable=True),  # signs what is sent; it is on no wire and in no log
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

TABLES = (webhooks, webhook_deliveries)
