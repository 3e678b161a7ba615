"""What runs and services really got as their environments: locks by content, and who used which."""

from __future__ import annotations

from sqlalchemy import Index, Table

from zaffre.server.store.schema.columns import json, key_column, metadata, number, owner, real, text

environment_locks = Table(
    "environment_locks",
    metadata,
    text("key", primary_key=True),
    json("content"),  # EnvironmentLock
    number("created_at"),
)

environment_uses = Table(
    "environment_uses",
    metadata,
    key_column(),
    owner("workspace_pk", "workspaces.pk"),
    owner("run_pk", "runs.pk", nullable=True),  # either this
    owner("service_pk", "services.pk", nullable=True),  # or this with the revision
    number("revision", nullable=True),
    text("name"),
    text("version", nullable=True),
    text("lock_key", nullable=True),  # NULL: an interpreter used as it is
    text("interpreter"),
    number("reused", default=0),
    real("seconds"),
    json("notes"),
    number("at"),
    Index("ix_environment_uses_run", "run_pk"),
    Index("ix_environment_uses_service", "service_pk", "revision"),
    Index("ix_environment_uses_name", "workspace_pk", "name", "pk"),
)

# Of those that were built, not found: where the time went.
environment_builds = Table(
    "environment_builds",
    metadata,
    owner("use_pk", "environment_uses.pk", primary_key=True),
    json("split"),  # step -> seconds
)
