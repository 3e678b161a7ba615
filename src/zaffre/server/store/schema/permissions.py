"""What users may do with single experiments and registered models, where that is not what their role says."""

from __future__ import annotations

from sqlalchemy import Index, Table, UniqueConstraint

from zaffre.server.store.schema.columns import key_column, metadata, number, owner, text

permissions = Table(
    "permissions",
    metadata,
    key_column(),
    owner("user_pk", "users.pk"),
    owner("experiment_id", "experiments.id", nullable=True),  # of an experiment or a registered model: one is NULL
    owner("model_pk", "registered_models.pk", nullable=True),
    text("level", default=None),  # NO_PERMISSIONS, READ, USE, EDIT or MANAGE
    text("granted_by"),
    number("created_at"),
    number("updated_at"),
    UniqueConstraint("user_pk", "experiment_id"),
    UniqueConstraint("user_pk", "model_pk"),
    Index("ix_permissions_experiment", "experiment_id"),
    Index("ix_permissions_model", "model_pk"),
)
