"""Experiments, runs, what they logged, and what they read and made."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, UniqueConstraint
from sqlalchemy import text as sql

from zaffre.server.store.schema.columns import BigKey, blob, json, key_column, metadata, number, owner, real, text


def _of_children(name: str, column: str) -> Index:
    """An index of the runs that have a parent; most have none, and SQLite writes no page of it to make these.

    (On PostgreSQL it is of all runs: to name that dialect here would import it at every start.)
    """
    return Index(name, column, sqlite_where=sql(f"{column} IS NOT NULL"))


experiments = Table(
    "experiments",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    owner("workspace_pk", "workspaces.pk"),
    text("name", default=None),
    text("artifact_location"),
    number("created_at"),
    number("updated_at"),
    number("archived_at", nullable=True),
    number("last_run_number", default=0),
    UniqueConstraint("workspace_pk", "name"),
    Index("ix_experiments_list", "workspace_pk", "archived_at", "created_at", "id"),
    sqlite_autoincrement=True,
)

experiment_tags = Table(
    "experiment_tags",
    metadata,
    owner("experiment_id", "experiments.id", primary_key=True),
    text("key", primary_key=True),
    text("value"),
    sqlite_with_rowid=False,
)

runs = Table(
    "runs",
    metadata,
    key_column(),
    owner("workspace_pk", "workspaces.pk"),
    owner("experiment_id", "experiments.id"),
    text("id", default=None),
    number("number"),
    text("display_name"),
    text("status", default=None),
    text("type", nullable=True),
    text("description"),
    text("created_by"),
    owner("parent_pk", "runs.pk", nullable=True),
    owner("root_pk", "runs.pk", nullable=True),
    text("target", nullable=True),
    number("created_at"),
    number("start_time", nullable=True),
    number("end_time", nullable=True),
    text("snapshot_id", nullable=True),
    number("archived_at", nullable=True),
    number("archived_with_experiment", default=0),
    json("error"),
    text("waiting_for", nullable=True),
    number("heartbeat_at", nullable=True),
    text("lease_token", nullable=True),
    number("lease_until", nullable=True),
    UniqueConstraint("workspace_pk", "id"),
    Index("ix_runs_by_start", "experiment_id", "archived_at", "start_time", "pk"),
    Index("ix_runs_newest", "workspace_pk", "archived_at", "pk"),
    _of_children("ix_runs_parent", "parent_pk"),
    _of_children("ix_runs_root", "root_pk"),
    Index("ix_runs_status", "status", "pk"),
    sqlite_autoincrement=True,
)

run_specs = Table("run_specs", metadata, owner("run_pk", "runs.pk", primary_key=True), json("spec"))

run_tags = Table(
    "run_tags",
    metadata,
    owner("run_pk", "runs.pk", primary_key=True),
    text("key", primary_key=True),
    text("value"),
    sqlite_with_rowid=False,
)

run_properties = Table(
    "run_properties",
    metadata,
    owner("run_pk", "runs.pk", primary_key=True),
    text("key", primary_key=True),
    text("value"),
    sqlite_with_rowid=False,
)

params = Table(
    "params",
    metadata,
    owner("run_pk", "runs.pk", primary_key=True),
    text("key", primary_key=True),
    text("value"),
    sqlite_with_rowid=False,
)

# Which runs have a parameter or tag of a value: one row for each value, experiment and block of row numbers.
run_sets = Table(
    "run_sets",
    metadata,
    owner("experiment_id", "experiments.id", primary_key=True),
    text("pair", primary_key=True),  # a digest of the table, the key and the value
    number("block", primary_key=True),
    blob("members"),
    sqlite_with_rowid=False,
)

run_events = Table(
    "run_events",
    metadata,
    key_column(),
    owner("run_pk", "runs.pk"),
    number("at"),
    text("status", default=None),
    text("reason"),
    Index("ix_run_events_run", "run_pk", "pk"),
)

# One row per metric of a run. ``ord`` is its number within the run, by which the chunks know it.
series = Table(
    "series",
    metadata,
    owner("run_pk", "runs.pk", primary_key=True),
    text("name", primary_key=True),
    number("ord"),
    number("appended"),  # points appended so far, exact duplicates included
    number("is_int"),  # 1 while every value was an integer
    number("last_step"),  # last_*: the greatest point by (step, timestamp, value)
    number("last_timestamp"),
    real("last_value"),
    real("min_value"),
    real("max_value"),
    number("next_seq"),
    number("tail_chunks"),  # small chunks at the end that the next compaction merges
    sqlite_with_rowid=False,
)

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
    blob("data"),  # steps i64[n], timestamps i64[n], values f64[n]; little-endian
    sqlite_with_rowid=False,
)

# Long metrics in outline: the extremes of stretches of their points. ``seq`` counts the rows of a level from 0.
metric_summaries = Table(
    "metric_summaries",
    metadata,
    owner("run_pk", "runs.pk", primary_key=True),
    number("ord", primary_key=True),
    number("level", primary_key=True),
    number("seq", primary_key=True),
    blob("data"),  # points, as in metric_chunks
    sqlite_with_rowid=False,
)

metric_records = Table(
    "metric_records",
    metadata,
    key_column(),
    owner("run_pk", "runs.pk"),
    text("name", default=None),
    text("kind", default=None),
    json("value"),
    number("step", nullable=True),
    number("timestamp"),
    text("description"),
    Index("ix_metric_records_run", "run_pk", "name", "pk"),
)

datasets = Table(
    "datasets",
    metadata,
    key_column(),
    owner("experiment_id", "experiments.id"),
    text("name", default=None),
    text("digest", default=None),
    text("source_type"),
    text("source"),
    text("schema"),
    text("profile"),
    UniqueConstraint("experiment_id", "name", "digest"),
)

run_datasets = Table(
    "run_datasets",
    metadata,
    owner("run_pk", "runs.pk", primary_key=True),
    owner("dataset_pk", "datasets.pk", primary_key=True),
    text("context", nullable=True),  # the tag mlflow.data.context, which searches ask for
    json("tags"),
    Index("ix_run_datasets_dataset", "dataset_pk"),
    sqlite_with_rowid=False,
)

run_models = Table(
    "run_models",
    metadata,
    owner("run_pk", "runs.pk", primary_key=True),
    text("direction", primary_key=True),  # "input" or "output"
    owner("model_id", "logged_models.id", primary_key=True),
    number("step", default=0),
    Index("ix_run_models_model", "model_id"),
    sqlite_with_rowid=False,
)

logged_models = Table(
    "logged_models",
    metadata,
    text("id", primary_key=True),
    owner("experiment_id", "experiments.id"),
    text("name", default=None),
    text("status", default=None),
    text("status_message"),
    text("model_type"),
    text("source_run_id", nullable=True),
    number("created_at"),
    number("updated_at"),
    number("deleted_at", nullable=True),
    Index("ix_logged_models_list", "experiment_id", "deleted_at", "created_at", "id"),
    Index("ix_logged_models_run", "source_run_id"),
)

logged_model_params = Table(
    "logged_model_params",
    metadata,
    owner("model_id", "logged_models.id", primary_key=True),
    text("key", primary_key=True),
    text("value"),
    sqlite_with_rowid=False,
)

logged_model_tags = Table(
    "logged_model_tags",
    metadata,
    owner("model_id", "logged_models.id", primary_key=True),
    text("key", primary_key=True),
    text("value"),
    sqlite_with_rowid=False,
)

# What runs logged for a model: every point of a metric, for each data set it was measured on.
logged_model_metrics = Table(
    "logged_model_metrics",
    metadata,
    owner("model_id", "logged_models.id", primary_key=True),
    text("name", primary_key=True),
    text("run_id", primary_key=True),
    text("dataset_name", primary_key=True),  # empty: none was named
    text("dataset_digest", primary_key=True),
    number("step", primary_key=True),
    number("timestamp", primary_key=True),
    real("value"),
    sqlite_with_rowid=False,
)
