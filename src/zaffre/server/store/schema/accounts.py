"""Users, and the tokens and tickets by which they come in."""

from __future__ import annotations

from sqlalchemy import Index, Table, UniqueConstraint

from zaffre.server.store.schema.columns import key_column, metadata, number, owner, text

users = Table(
    "users",
    metadata,
    key_column(),
    text("name", default=None),
    text("role", default=None),  # admin, user or reader
    text("password_hash", default=None),  # argon2's own notation, with its salt and costs
    number("created_at"),
    number("updated_at"),
    UniqueConstraint("name"),
)

tokens = Table(
    "tokens",
    metadata,
    key_column(),
    text("hash", default=None),  # sha256 of the token, in hexadecimal digits; its start is the token's id
    text("kind", default=None),  # admin, user, run, session or mlflow
    text("name"),
    text("role", default="user"),  # its bearer may do what this and the role of the user both allow
    owner("user_pk", "users.pk", nullable=True),  # NULL: of the account that runs the server
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
