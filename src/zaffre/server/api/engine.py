"""The container engine that the server runs services on."""

from __future__ import annotations

from starlette.responses import Response

from zaffre.core.service_wire import EngineInfo
from zaffre.server.api.answers import answer, workspace_router
from zaffre.server.api.parts import PartsOf
from zaffre.server.deployments import targets

router = workspace_router("/engine", "services")


@router.get("", response_model=EngineInfo)
def get_engine(ws: str, parts: PartsOf) -> Response:
    """What services of the type ACI run on; the reason, where there is nothing."""
    parts.workspaces.get(ws)
    return answer(targets.engine())
