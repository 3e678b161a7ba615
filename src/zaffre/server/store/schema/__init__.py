"""Every table of the workspace, on one MetaData.

Times are integer milliseconds since the epoch, flags are 0 or 1, JSON is text. ``pk`` is a row's own number and
never leaves the store; what the wire shows is ``id`` or ``name``. A change here needs a step in ``migrations``.
"""

from zaffre.server.store.schema.accounts import tickets, tokens, users
from zaffre.server.store.schema.columns import metadata
from zaffre.server.store.schema.endpoints import endpoint_versions, endpoints, service_tokens
from zaffre.server.store.schema.environment_uses import environment_builds, environment_locks, environment_uses
from zaffre.server.store.schema.permissions import permissions
from zaffre.server.store.schema.platform import (
    computes,
    datastores,
    service_models,
    services,
    snapshot_files,
    snapshots,
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
from zaffre.server.store.schema.service_keys import service_keys
from zaffre.server.store.schema.service_telemetry import service_telemetry
from zaffre.server.store.schema.tracing import (
    assessments,
    span_contents,
    spans,
    trace_metadata,
    trace_prompts,
    trace_runs,
    trace_tags,
    traces,
)
from zaffre.server.store.schema.tracking import (
    datasets,
    experiment_tags,
    experiments,
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    logged_models,
    metric_chunks,
    metric_records,
    metric_summaries,
    params,
    run_datasets,
    run_events,
    run_models,
    run_properties,
    run_sets,
    run_specs,
    run_tags,
    runs,
    series,
)
from zaffre.server.store.schema.webhooks import webhook_deliveries, webhooks

REVISION = "0015"  # the newest step in migrations

__all__ = [
    "REVISION",
    "assessments",
    "computes",
    "datasets",
    "datastores",
    "endpoint_versions",
    "endpoints",
    "environment_builds",
    "environment_labels",
    "environment_locks",
    "environment_uses",
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
    "metric_summaries",
    "model_aliases",
    "model_version_properties",
    "model_version_tags",
    "model_versions",
    "params",
    "permissions",
    "registered_model_tags",
    "registered_models",
    "run_datasets",
    "run_events",
    "run_models",
    "run_properties",
    "run_sets",
    "run_specs",
    "run_tags",
    "runs",
    "series",
    "service_keys",
    "service_models",
    "service_telemetry",
    "service_tokens",
    "services",
    "snapshot_files",
    "snapshots",
    "span_contents",
    "spans",
    "tickets",
    "tokens",
    "trace_metadata",
    "trace_prompts",
    "trace_runs",
    "trace_tags",
    "traces",
    "uploads",
    "users",
    "webhook_deliveries",
    "webhooks",
    "workspaces",
]
