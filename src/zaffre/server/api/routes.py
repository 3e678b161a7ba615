"""Every route of the REST API."""

from __future__ import annotations

from starlette.routing import BaseRoute

from zaffre.server.api import (
    artifacts,
    collected,
    computes,
    datastores,
    disk,
    endpoints,
    engine,
    environment_uses,
    environments,
    experiments,
    imports,
    lineage,
    logged_models,
    metrics,
    models,
    permissions,
    registered_models,
    runs,
    served,
    server,
    services,
    snapshots,
    stream,
    telemetry,
    tokens,
    traces,
    users,
    workspaces,
)

# Searched in this order: what a training loop waits for comes first.
_NOUNS = (
    metrics,
    artifacts,
    runs,
    experiments,
    snapshots,
    models,
    registered_models,
    logged_models,
    permissions,
    lineage,
    imports,
    environment_uses,
    environments,
    computes,
    datastores,
    disk,
    collected,
    services,
    endpoints,
    telemetry,
    engine,
    traces,
    stream,
    workspaces,
    server,
    tokens,
    users,
)


def routes() -> list[BaseRoute]:
    """The routes under ``/api/v1``, and the few outside of it."""
    outside = (*served.router.routes, *server.public.routes, *telemetry.exposition.routes)
    return [*outside, *(route for noun in _NOUNS for route in noun.router.routes)]
