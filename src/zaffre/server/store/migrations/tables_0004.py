"""Users, tokens and tickets, as step 0004 makes them. Frozen: what changes later is a later step."""

from __future__ import annotations

from sqlalchemy import Index, MetaData, Table, UniqueConstraint

from zaffre.server.store.migrations.tables_0001 import metadata as first
from zaffre.server.store.migrations.tables_0001.columns import key_column, number, owner, text

metadata = MetaData(naming_convention=first.naming_convention)
first.tables["workspaces"].to_metadata(metadata)  # to which tokens and tickets refer

users = Table(
    "users",
    metadata,
    key_column(),
    text("name", default=None),
    text("role", default=None),
    text("password_hash", default=None),
    number("created_at"),
    number("updated_at"),
    UniqueConstraint("name"),
)

tokens = Table(
    "tokens",
    metadata,
    key_column(),
    text("hash", default=None),
    text("kind", default=None),
    text("name"),
    text("role", default="user"),
    owner("user_pk", "users.pk", nullable=True),
    owner("workspace_pk", "workspaces.pk", nullable=True),
    text("run_id", nullable=True),
    text("description"),
    number("created_at"),
    number("expires_at", nullable=True),
    number("revoked_at", nullable=True),
    number("last_used_at", nullable=True),
    UniqueConstraint("hash"),
    Index("ix_tokens_user", "user_pk"),
)

tickets = Table(
    "tickets",
    metadata,
    text("hash", primary_key=True),
    text("kind", default=None),
    text("name"),
    text("role", default="user"),
    owner("user_pk", "users.pk", nullable=True),
    owner("workspace_pk", "workspaces.pk", nullable=True),
    number("created_at"),
    number("expires_at"),
    number("used_at", nullable=True),
)
