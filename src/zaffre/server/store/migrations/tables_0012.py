"""Permissions of users on single things, as step 0012 makes the table. Frozen: changes are later steps."""

from __future__ import annotations

from sqlalchemy import Index, MetaData, Table, UniqueConstraint

from zaffre.server.store.migrations.tables_0001 import metadata as first
from zaffre.server.store.migrations.tables_0001.columns import key_column, number, owner, text
from zaffre.server.store.migrations.tables_0004 import users

metadata = MetaData(naming_convention=first.naming_convention)
for _name in ("workspaces", "experiments", "registered_models"):  # to which the table refers
    first.tables[_name].to_metadata(metadata)
users.to_metadata(metadata)

permissions = Table(
    "permissions",
    metadata,
    key_column(),
    owner("user_pk", "users.pk"),
    owner("experiment_id", "experiments.id", nullable=True),
    owner("model_pk", "registered_models.pk", nullable=True),
    text("level", default=None),
    text("granted_by"),
    number("created_at"),
    number("updated_at"),
    UniqueConstraint("user_pk", "experiment_id"),
    UniqueConstraint("user_pk", "model_pk"),
    Index("ix_permissions_experiment", "experiment_id"),
    Index("ix_permissions_model", "model_pk"),
)
