"""Web services: what is wanted, what their supervisors report, their logs, and a way to try them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from zaffre.core.endpoint_wire import AccessToken
from zaffre.core.entities import Service
from zaffre.core.errors import NotFound
from zaffre.core.service_wire import KeyRegenerate, ServiceKeys
from zaffre.core.wire import (
    FileAnswer,
    Page,
    ReportAnswer,
    ServiceCreate,
    ServicePatch,
    ServiceReload,
    ServiceReport,
)
from zaffre.server.accounts.permissions import Deed
from zaffre.server.api import files, served
from zaffre.server.api.answers import (
    After,
    Asker,
    Limit,
    answer,
    empty,
    has_pairs,
    page,
    pair_filters,
    workspace_router,
)
from zaffre.server.api.parts import Parts, PartsOf
from zaffre.server.artifacts import roots
from zaffre.server.deployments.services import LOG, topic
from zaffre.server.store.permissions import Kind, Thing
from zaffre.server.store.tokens import Principal

router = workspace_router("/services", "services")

_TOKEN_TRIES: Final = 50


@router.get("", response_model=Page[Service])
def list_services(
    ws: str,
    parts: PartsOf,
    tag: Annotated[list[str] | None, Query(description="key or key=value")] = None,
    property: Annotated[list[str] | None, Query(description="key or key=value")] = None,
    model: Annotated[str | None, Query(description="name or name:version")] = None,
    limit: Limit = None,
    after: After = None,
) -> Response:
    found = [
        service
        for service in parts.services.list_all(ws, model=model)
        if has_pairs(service.tags, pair_filters(tag)) and has_pairs(service.properties, pair_filters(property))
    ]
    return answer(page(found, limit, after))


@router.put("/{name}", response_model=Service)
def deploy_service(ws: str, name: str, body: ServiceCreate, parts: PartsOf, asker: Asker) -> Response:
    """A service that deploys; a local one's supervisor is the caller's to start."""
    _check_models(parts, asker, ws, body.models)
    return answer(parts.services.deploy(ws, name, body, created_by=asker.name))


@router.get("/{name}", response_model=Service)
def get_service(ws: str, name: str, parts: PartsOf) -> Response:
    return answer(parts.services.get(ws, name))


@router.patch("/{name}", response_model=Service)
def change_service(ws: str, name: str, body: ServicePatch, parts: PartsOf, asker: Asker) -> Response:
    _check_models(parts, asker, ws, body.models or [])
    return answer(parts.services.change(ws, name, body))


@router.post("/{name}/reload", response_model=Service)
def reload_service(ws: str, name: str, body: ServiceReload, parts: PartsOf) -> Response:
    return answer(parts.services.reload(ws, name, body))


@router.post("/{name}/keys/list", response_model=ServiceKeys)
def list_service_keys(ws: str, name: str, parts: PartsOf) -> Response:
    """Not a GET: who may only read may not call the service."""
    return answer(parts.services.get_keys(ws, name))


@router.post("/{name}/keys/regenerate", response_model=ServiceKeys)
def regenerate_service_key(ws: str, name: str, body: KeyRegenerate, parts: PartsOf) -> Response:
    """The key before opens nothing any more."""
    return answer(parts.services.regenerate_key(ws, name, body))


@router.post("/{name}/tokens", response_model=AccessToken)
def create_service_token(ws: str, name: str, parts: PartsOf) -> Response:
    """A new token that opens the service for some hours. It is shown this once."""
    return answer(parts.services.mint_token(ws, name))


@router.delete("/{name}", status_code=204)
def delete_service(ws: str, name: str, parts: PartsOf) -> Response:
    parts.services.delete(ws, name)
    return empty()


@router.post("/{name}/report", response_model=ReportAnswer)
def report_service(ws: str, name: str, body: ServiceReport, parts: PartsOf) -> Response:
    """A supervisor's heartbeat; the answer says what it should serve."""
    return answer(parts.services.report(ws, name, body))


@router.get("/{name}/logs", response_class=PlainTextResponse)
def get_service_logs(ws: str, name: str, parts: PartsOf, offset: int = Query(default=0, ge=0)) -> Response:
    """What the log holds behind `offset` bytes."""
    parts.services.get(ws, name)
    try:
        pieces = parts.artifacts.read(roots.service(ws, name), LOG, offset)
    except NotFound:
        return PlainTextResponse("")
    return StreamingResponse(pieces, media_type="text/plain; charset=utf-8")


@router.patch("/{name}/logs", response_model=FileAnswer, openapi_extra=files.FILE_BODY)
async def append_service_logs(
    ws: str, name: str, parts: PartsOf, request: Request, offset: int = Query(ge=0)
) -> Response:
    """Append to the log. What it has already is skipped; a gap is refused and says the size."""
    await run_in_threadpool(parts.services.get, ws, name)
    size = await files.append(request, parts.artifacts, roots.service(ws, name), LOG, offset)
    parts.notifier.publish(topic(ws, name))
    return answer(FileAnswer(path=LOG, size=size))


@router.post("/{name}/score", openapi_extra=files.FILE_BODY)
async def score(ws: str, name: str, parts: PartsOf, request: Request) -> Response:
    """Send a body to the service, on this machine only, and pass its answer on. Its key is not asked for."""
    service = await run_in_threadpool(parts.services.get, ws, name)
    headers = {"Content-Type": request.headers.get("content-type") or "application/json"}
    if service.auth_enabled:
        keys = await run_in_threadpool(parts.services.get_keys, ws, name)
        headers["Authorization"] = f"Bearer {keys.primary_key}"
    elif service.token_auth_enabled and (secret := await run_in_threadpool(parts.services.own_token, service)):
        headers["Authorization"] = f"Bearer {secret}"
        return await _score_with_token(service, await request.body(), headers)
    return await served.passed_on(service, "POST", "/score", await request.body(), headers)


async def _score_with_token(service: Service, body: bytes, headers: dict[str, str]) -> Response:
    """A token that was made for this very request takes a moment to reach the service."""
    for _ in range(_TOKEN_TRIES):
        answered = await served.passed_on(service, "POST", "/score", body, headers)
        if answered.status_code != 401:
            break
        await asyncio.sleep(0.1)
    return answered


def _check_models(parts: Parts, asker: Principal, ws: str, named: list[str]) -> None:
    """What a service is given, its callers and its script see."""
    models = [Thing(Kind.MODEL, text.partition(":")[0]) for text in named]
    parts.permissions.check(asker, ws, Deed.READ, models)
