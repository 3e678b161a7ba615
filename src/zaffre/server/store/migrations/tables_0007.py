"""What runs and services really got as environments, as step 0007 makes the tables. Frozen: changes are later steps."""

from __future__ import annotations

from sqlalchemy import Index, MetaData, Table

from zaffre.server.store.migrations.tables_0001 import metadata as first
from zaffre.server.store.migrations.tables_0001.columns import json, key_column, number, owner, real, text

metadata = MetaData(naming_convention=first.naming_convention)
for _name in ("workspaces", "experiments", "runs", "services"):  # to which the tables refer
    first.tables[_name].to_metadata(metadata)

environment_locks = Table(
    "environment_locks",
    metadata,
    text("key", primary_key=True),
    json("content"),
    number("created_at"),
)

environment_uses = Table(
    "environment_uses",
    metadata,
    key_column(),
    owner("workspace_pk", "workspaces.pk"),
    owner("run_pk", "runs.pk", nullable=True),
    owner("service_pk", "services.pk", nullable=True),
    number("revision", nullable=True),
    text("name"),
    text("version", nullable=True),
    text("lock_key", nullable=True),
    text("interpreter"),
    number("reused", default=0),
    real("seconds"),
    json("notes"),
    number("at"),
    Index("ix_environment_uses_run", "run_pk"),
    Index("ix_environment_uses_service", "service_pk", "revision"),
    Index("ix_environment_uses_name", "workspace_pk", "name", "pk"),
)
