"""Every table of the workspace, on one MetaData.

Times are integer milliseconds since the epoch, flags are 0 or 1, JSON is text. ``pk`` is a row's own number and
never leaves the store; what the wire shows is ``id`` or ``name``. A change here needs a step in ``migrations``.
"""

from zaffre.server.store.schema.columns import metadata
from zaffre.server.store.schema.platform import (
    computes,
    datastores,
    service_models,
    services,
    snapshot_files,
    snapshots,
    tickets,
    tokens,
    uploads,
    workspaces,
)
from zaffre.server.store.schema.registry import (
    environment_labels,
    environment_versions,
    model_aliases,
    model_version_properties,
    model_version_tags,
    model_versions,
    registered_model_tags,
    registered_models,
)
from zaffre.server.store.schema.tracking import (
    VALUE_START,
    datasets,
    experiment_tags,
    experiments,
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    logged_models,
    metric_chunks,
    metric_records,
    params,
    run_datasets,
    run_events,
    run_models,
    run_properties,
    run_specs,
    run_tags,
    runs,
    series,
)

REVISION = "0002"  # the newest step in migrations

__all__ = [
    "REVISION",
    "VALUE_START",
    "computes",
    "datasets",
    "datastores",
    "environment_labels",
    "environment_versions",
    "experiment_tags",
    "experiments",
    "logged_model_metrics",
    "logged_model_params",
    "logged_model_tags",
    "logged_models",
    "metadata",
    "metric_chunks",
    "metric_records",
    "model_aliases",
    "model_version_properties",
    "model_version_tags",
    "model_versions",
    "params",
    "registered_model_tags",
    "registered_models",
    "run_datasets",
    "run_events",
    "run_models",
    "run_properties",
    "run_specs",
    "run_tags",
    "runs",
    "series",
    "service_models",
    "services",
    "snapshot_files",
    "snapshots",
    "tickets",
    "tokens",
    "uploads",
    "workspaces",
]
