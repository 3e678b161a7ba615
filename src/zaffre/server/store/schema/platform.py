"""Workspaces and what belongs to them beside tracking and registry: snapshots, computes, services."""

from __future__ import annotations

from sqlalchemy import Index, Table, UniqueConstraint

from zaffre.server.store.schema.columns import json, key_column, metadata, number, owner, text

workspaces = Table(
    "workspaces",
    metadata,
    key_column(),
    text("id", default=None),
    text("name", default=None),
    text("subscription_id"),
    text("resource_group"),
    text("location"),
    number("created_at"),
    text("description"),
    text("friendly_name"),
    json("tags"),
    text("default_datastore"),
    number("snapshot_limit_bytes", nullable=True),
    UniqueConstraint("name"),
    sqlite_autoincrement=True,
)

snapshots = Table(
    "snapshots",
    metadata,
    key_column(),
    owner("workspace_pk", "workspaces.pk"),
    text("id", default=None),
    number("created_at"),
    number("size"),
    UniqueConstraint("workspace_pk", "id"),
)

snapshot_files = Table(
    "snapshot_files",
    metadata,
    owner("snapshot_pk", "snapshots.pk", primary_key=True),
    text("path", primary_key=True),
    text("sha256", default=None),
    number("size"),
    number("executable", default=0),
    Index("ix_snapshot_files_content", "sha256"),
    sqlite_with_rowid=False,
)

uploads = Table(
    "uploads",
    metadata,
    text("id", primary_key=True),
    owner("workspace_pk", "workspaces.pk"),
    number("created_at"),
)

computes = Table(
    "computes",
    metadata,
    key_column(),
    owner("workspace_pk", "workspaces.pk"),
    text("name", default=None),
    text("type", default=None),
    number("created_at"),
    number("modified_at"),
    text("provisioning_state", default="Succeeded"),
    text("location", default="local"),
    text("description"),
    json("tags"),
    text("vm_size", default="LOCAL"),
    text("vm_priority", default="dedicated"),
    number("min_nodes", default=0),
    number("max_nodes", default=1),
    number("idle_seconds_before_scaledown", default=1800),
    json("errors"),
    json("settings"),
    UniqueConstraint("workspace_pk", "name"),
)

datastores = Table(
    "datastores",
    metadata,
    key_column(),
    owner("workspace_pk", "workspaces.pk"),
    text("name", default=None),
    text("type", default=None),
    number("created_at"),
    json("settings"),
    UniqueConstraint("workspace_pk", "name"),
)

services = Table(
    "services",
    metadata,
    key_column(),
    owner("workspace_pk", "workspaces.pk"),
    text("name", default=None),
    text("compute_type", default=None),
    text("state", default=None),
    number("created_at"),
    number("updated_at"),
    number("revision", default=1),
    text("created_by"),
    text("description"),
    json("tags"),
    json("properties"),
    json("spec"),
    text("scoring_uri", nullable=True),
    text("swagger_uri", nullable=True),
    number("port", nullable=True),
    text("host", nullable=True),
    number("pid", nullable=True),
    json("steps"),
    json("error"),
    number("heartbeat_at", nullable=True),
    UniqueConstraint("workspace_pk", "name"),
)

service_models = Table(
    "service_models",
    metadata,
    owner("service_pk", "services.pk", primary_key=True),
    number("position", primary_key=True),  # the order in which the models were given
    text("model", default=None),
    number("version"),
    Index("ix_service_models_model", "model", "version"),
    sqlite_with_rowid=False,
)
