"""Every route of the REST API, in one router."""

from __future__ import annotations

from fastapi import APIRouter

from zaffre.core.wire import API
from zaffre.server.api import (
    artifacts,
    computes,
    datastores,
    environments,
    experiments,
    metrics,
    models,
    runs,
    server,
    services,
    snapshots,
    stream,
    workspaces,
)
from zaffre.server.api.answers import ERRORS

_WORKSPACE_NOUNS = (
    experiments,
    runs,
    metrics,
    artifacts,
    snapshots,
    models,
    environments,
    computes,
    datastores,
    services,
    stream,
)


def router() -> APIRouter:
    """The routes under ``/api/v1``."""
    api = APIRouter(prefix=API, responses=ERRORS)
    api.include_router(server.router)
    api.include_router(workspaces.router)
    for noun in _WORKSPACE_NOUNS:
        api.include_router(noun.router, prefix="/workspaces/{ws}")
    return api
