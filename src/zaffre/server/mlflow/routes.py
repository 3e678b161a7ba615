"""The table of routes, and what of it the composition root mounts."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from zaffre.server.mlflow import (
    assessments,
    experiments,
    links,
    logged_models,
    metrics,
    model_versions,
    multipart,
    otlp,
    permissions,
    registered_models,
    runs,
    trace_metrics,
    traces,
    traces_v2,
    transfers,
    users,
    webhooks,
)
from zaffre.server.mlflow.door import Act, Door, Transfer
from zaffre.server.mlflow.messages import Empty
from zaffre.server.mlflow.rooms import Rooms

# The protocol this server speaks, not its own version: clients ask before they send what older servers lack.
PROTOCOL_VERSION: Final = "3.17.2"


def server_info(rooms: Rooms, message: Empty) -> object:  # noqa: ARG001
    return {
        "store_type": "SqlStore",
        "workspaces_enabled": False,
        "trace_archival_enabled": False,
        "multipart_uploads_enabled": False,
        "multipart_downloads_enabled": False,
        "artifact_serving_enabled": True,
    }


ACTS: Final[tuple[Act[Any], ...]] = (
    *experiments.ACTS,
    *runs.ACTS,
    *links.ACTS,
    *metrics.ACTS,
    *transfers.ACTS,
    *multipart.ACTS,
    *logged_models.ACTS,
    *registered_models.ACTS,
    *model_versions.ACTS,
    *traces.ACTS,
    *traces_v2.ACTS,
    *trace_metrics.ACTS,
    *assessments.ACTS,
    *webhooks.ACTS,
    *users.ACTS,
    *permissions.ACTS,
    Act("GET", "3.0/mlflow/server-info", Empty, server_info),
)
TRANSFERS: Final[tuple[Transfer, ...]] = (
    *transfers.TRANSFERS,
    *multipart.TRANSFERS,
    *traces.TRANSFERS,
    *otlp.TRANSFERS,
)


def door(rooms: Rooms) -> Door:
    """Everything of MLflow's protocol, at the root and below /workspaces/<name>."""
    return Door(rooms, ACTS, TRANSFERS)


def probes() -> list[BaseRoute]:
    """What clients ask before they speak the protocol; one that was given a workspace's URI asks below it."""
    below = "/workspaces/{workspace}"
    return [Route("/version", version), Route(f"{below}/version", version), Route(f"{below}/health", health)]


async def version(request: Request) -> Response:  # noqa: ARG001
    return PlainTextResponse(PROTOCOL_VERSION)


async def health(request: Request) -> Response:  # noqa: ARG001
    return PlainTextResponse("OK")
