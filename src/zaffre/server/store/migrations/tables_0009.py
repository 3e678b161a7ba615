"""Chunks that know their timestamps, and every point of a logged model's metrics, as step 0009 makes the tables.

Frozen: what changes later is a later step.
"""

from __future__ import annotations

from sqlalchemy import MetaData, Table

from zaffre.server.store.migrations.tables_0001 import metadata as first
from zaffre.server.store.migrations.tables_0001.columns import blob, number, owner, real, text

metadata = MetaData(naming_convention=first.naming_convention)
for _name in ("workspaces", "experiments", "runs", "logged_models"):  # to which the tables refer
    first.tables[_name].to_metadata(metadata)

metric_chunks = Table(
    "metric_chunks",
    metadata,
    owner("run_pk", "runs.pk", primary_key=True),
    number("ord", primary_key=True),
    number("seq", primary_key=True),
    number("n"),
    number("min_step"),
    number("max_step"),
    number("min_timestamp"),
    number("max_timestamp"),
    blob("data"),
    sqlite_with_rowid=False,
)

logged_model_metrics = Table(
    "logged_model_metrics",
    metadata,
    owner("model_id", "logged_models.id", primary_key=True),
    text("name", primary_key=True),
    text("run_id", primary_key=True),
    text("dataset_name", primary_key=True),
    text("dataset_digest", primary_key=True),
    number("step", primary_key=True),
    number("timestamp", primary_key=True),
    real("value"),
    sqlite_with_rowid=False,
)
