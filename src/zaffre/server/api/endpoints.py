"""Endpoints: versions of a service behind one address, the traffic of each, and where their answers differ."""

from __future__ import annotations

from starlette.responses import Response

from zaffre.core.endpoint_wire import (
    Endpoint,
    EndpointCreate,
    EndpointPatch,
    ShadowReport,
    TrafficChange,
    VersionCreate,
    VersionPatch,
)
from zaffre.server.accounts.permissions import Deed
from zaffre.server.api.answers import Asker, answer, workspace_router
from zaffre.server.api.parts import Parts, PartsOf
from zaffre.server.store.permissions import Kind, Thing
from zaffre.server.store.tokens import Principal

router = workspace_router("/endpoints", "endpoints")


@router.put("/{name}", response_model=Endpoint)
def deploy_endpoint(ws: str, name: str, body: EndpointCreate, parts: PartsOf, asker: Asker) -> Response:
    """An endpoint with its first version. It is also a service of its name: there it has keys, logs and its end."""
    _check_models(parts, asker, ws, body.version.models)
    return answer(parts.endpoints.deploy(ws, name, body, created_by=asker.name))


@router.get("/{name}", response_model=Endpoint)
def get_endpoint(ws: str, name: str, parts: PartsOf) -> Response:
    return answer(parts.endpoints.get(ws, name))


@router.patch("/{name}", response_model=Endpoint)
def change_endpoint(ws: str, name: str, body: EndpointPatch, parts: PartsOf) -> Response:
    return answer(parts.endpoints.change(ws, name, body))


@router.put("/{name}/traffic", response_model=Endpoint)
def set_endpoint_traffic(ws: str, name: str, body: TrafficChange, parts: PartsOf) -> Response:
    """The shares of all versions in one step; their sum is 100."""
    return answer(parts.endpoints.set_traffic(ws, name, body))


@router.put("/{name}/versions/{version}", response_model=Endpoint)
def create_endpoint_version(
    ws: str, name: str, version: str, body: VersionCreate, parts: PartsOf, asker: Asker
) -> Response:
    _check_models(parts, asker, ws, body.models)
    return answer(parts.endpoints.add_version(ws, name, version, body, created_by=asker.name))


@router.patch("/{name}/versions/{version}", response_model=Endpoint)
def change_endpoint_version(
    ws: str, name: str, version: str, body: VersionPatch, parts: PartsOf, asker: Asker
) -> Response:
    _check_models(parts, asker, ws, body.models or [])
    return answer(parts.endpoints.change_version(ws, name, version, body))


@router.delete("/{name}/versions/{version}", response_model=Endpoint)
def delete_endpoint_version(ws: str, name: str, version: str, parts: PartsOf) -> Response:
    """Its traffic goes to the default version."""
    return answer(parts.endpoints.delete_version(ws, name, version))


@router.get("/{name}/shadow", response_model=ShadowReport)
def get_shadow_report(ws: str, name: str, parts: PartsOf) -> Response:
    """What became of the copies of requests: how many answers differ, and the latest that do."""
    return answer(parts.endpoints.shadow(ws, name))


@router.post("/{name}/shadow", response_model=ShadowReport)
def report_shadow(ws: str, name: str, body: ShadowReport, parts: PartsOf) -> Response:
    """The router's count of what became of the copies."""
    parts.endpoints.report_shadow(ws, name, body)
    return answer(body)


def _check_models(parts: Parts, asker: Principal, ws: str, named: list[str]) -> None:
    """What a version is given, its callers and its script see."""
    models = [Thing(Kind.MODEL, text.partition(":")[0]) for text in named]
    parts.permissions.check(asker, ws, Deed.READ, models)
