"""Registered models and their versions; environments and their versions."""

from __future__ import annotations

from sqlalchemy import Index, Table, UniqueConstraint

from zaffre.server.store.migrations.tables_0001.columns import json, key_column, metadata, number, owner, text

registered_models = Table(
    "registered_models",
    metadata,
    key_column(),
    owner("workspace_pk", "workspaces.pk"),
    text("name", default=None),
    number("created_at"),
    number("updated_at"),
    text("description"),
    number("last_version", default=0),  # the greatest version ever given: none is given twice
    UniqueConstraint("workspace_pk", "name"),
)

registered_model_tags = Table(
    "registered_model_tags",
    metadata,
    owner("model_pk", "registered_models.pk", primary_key=True),
    text("key", primary_key=True),
    text("value"),
    sqlite_with_rowid=False,
)

model_aliases = Table(
    "model_aliases",
    metadata,
    owner("model_pk", "registered_models.pk", primary_key=True),
    text("alias", primary_key=True),
    number("version"),
    sqlite_with_rowid=False,
)

model_versions = Table(
    "model_versions",
    metadata,
    key_column(),
    owner("model_pk", "registered_models.pk"),
    number("version"),
    number("created_at"),
    number("updated_at"),
    text("created_by"),
    text("description"),
    text("framework", nullable=True),
    text("framework_version", nullable=True),
    text("run_id", nullable=True),
    text("experiment_name", nullable=True),
    text("source"),
    text("logged_model_id", nullable=True),
    text("stage", default="None"),
    text("status", default="READY"),
    text("status_message"),
    text("run_link"),
    text("entry"),
    number("unpack", default=0),
    number("size", default=0),
    json("resource_configuration"),
    json("datasets"),
    text("parent_id", nullable=True),
    UniqueConstraint("model_pk", "version"),
    Index("ix_model_versions_run", "run_id"),
    Index("ix_model_versions_updated", "updated_at", "pk"),
)

model_version_tags = Table(
    "model_version_tags",
    metadata,
    owner("version_pk", "model_versions.pk", primary_key=True),
    text("key", primary_key=True),
    text("value"),
    sqlite_with_rowid=False,
)

model_version_properties = Table(
    "model_version_properties",
    metadata,
    owner("version_pk", "model_versions.pk", primary_key=True),
    text("key", primary_key=True),
    text("value"),
    sqlite_with_rowid=False,
)

environment_versions = Table(
    "environment_versions",
    metadata,
    key_column(),
    owner("workspace_pk", "workspaces.pk"),
    text("name", default=None),
    text("version", default=None),
    number("created_at"),
    json("definition"),
    text("content_hash", default=None),
    number("curated", default=0),
    UniqueConstraint("workspace_pk", "name", "version"),
    Index("ix_environment_versions_content", "workspace_pk", "name", "content_hash"),
)

environment_labels = Table(
    "environment_labels",
    metadata,
    owner("workspace_pk", "workspaces.pk", primary_key=True),
    text("name", primary_key=True),
    text("label", primary_key=True),
    text("version", default=None),
    sqlite_with_rowid=False,
)
