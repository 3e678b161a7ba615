"""Services through the server: ``/services/<workspace>/<name>/score``, the address that stays when ports change.

No token of the server is asked for: the service's own keys decide, which the service itself compares. One without keys
answers everyone on this machine, as its own port does, and nobody else without a token of its workspace.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from zaffre.core import codec
from zaffre.core.entities import Service
from zaffre.core.errors import AuthenticationException, AzureMLException, Category
from zaffre.core.wire import API
from zaffre.server.accounts.credentials import read_header
from zaffre.server.api import access, errors
from zaffre.server.api.guard import address_of
from zaffre.server.api.parts import Parts, PartsOf
from zaffre.server.deployments import targets
from zaffre.server.deployments.proxy import Scored, forward
from zaffre.server.settings import LOOPBACK_HOSTS
from zaffre.server.store.services import missing

router = APIRouter(tags=["services"], generate_unique_id_function=lambda route: route.name, include_in_schema=False)

PREFIX: Final = "/services/"
_ID_CHARACTERS: Final = 100  # of a request's id, as services have it
_SANDBOX = {"Content-Security-Policy": "default-src 'none'; sandbox"}  # a service's answer is no page of the server


@router.api_route("/services/{ws}/{name}/score", methods=["GET", "POST", "OPTIONS"])
async def serve_score(ws: str, name: str, parts: PartsOf, request: Request) -> Response:
    return await _serve(parts, ws, name, "/score", request)


@router.get("/services/{ws}/{name}/swagger.json")
async def serve_swagger(ws: str, name: str, parts: PartsOf, request: Request) -> Response:
    return await _serve(parts, ws, name, "/swagger.json", request)


@router.get("/services/{ws}/{name}/")
async def serve_health(ws: str, name: str, parts: PartsOf, request: Request) -> Response:
    return await _serve(parts, ws, name, "/", request)


def refusal(error: AzureMLException, request_id: str = "") -> Response:
    """The answer of this door for ``error``, in the shape of a service's own: a caller need not tell them apart.

    ``request_id`` is the caller's. A service that does not serve yet is 503, as one that does not answer.
    """
    if not (request_id.isascii() and request_id.isprintable() and 0 < len(request_id) <= _ID_CHARACTERS):
        request_id = str(uuid.uuid4())
    status = HTTPStatus.SERVICE_UNAVAILABLE if error.category is Category.CONFLICT else errors.STATUS[error.category]
    headers = {"x-request-id": request_id, "x-ms-request-id": request_id}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    elif status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    body = codec.encode({"message": error.message, "request_id": request_id})
    return Response(body, status, headers, media_type="application/json")


async def _serve(parts: Parts, ws: str, name: str, path: str, request: Request) -> Response:
    if not _is_local(request) and "authorization" not in request.headers:
        raise AuthenticationException(
            "This request carries no key. Send one of the service's in the header 'Authorization: Bearer <key>': "
            "service.get_keys() and `zaffre service keys` tell them. A service without keys answers callers on its own "
            "machine, and those who send a token of its workspace."
        )
    body, target = await request.body(), f"{path}?{request.url.query}" if request.url.query else path
    headers = dict(request.headers)

    def ask(admitted: bool) -> Scored | Service:
        """The answer, or the service where it must be looked at who asks."""
        service = parts.services.get(ws, name)
        if service.compute_type == targets.LOCAL:  # the machine of who deployed it serves it, nobody else
            raise missing(ws, name)
        if service.auth_enabled or service.token_auth_enabled:
            return forward(service, request.method, target, body, headers)
        if not admitted:
            return service
        passed = {key: value for key, value in headers.items() if key != "authorization"}
        return forward(service, request.method, target, body, passed)

    answered = await run_in_threadpool(ask, _is_local(request))
    if isinstance(answered, Service):
        await _admit(parts, answered, request)
        answered = await run_in_threadpool(ask, True)
        assert isinstance(answered, Scored)
    return _answer(answered)


async def _admit(parts: Parts, service: Service, request: Request) -> None:
    """Raise unless a caller from elsewhere sent a token that may use the service."""
    secret, user = read_header(request.headers["authorization"])
    principal = await parts.credentials.identify(secret, user, address_of(request.scope))
    access.check(principal, "POST", f"{API}/workspaces/{service.workspace}/services/{service.name}/score")


def _is_local(request: Request) -> bool:
    """Whether the caller is on this machine and no proxy stands between, which would have another name for it."""
    name = (urlsplit(f"//{request.headers.get('host', '')}").hostname or "").lower()
    return name in LOOPBACK_HOSTS and address_of(request.scope) in LOOPBACK_HOSTS


async def passed_on(service: Service, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Response:
    """The service's answer, as it comes."""
    return _answer(await run_in_threadpool(forward, service, method, target, body, headers))


def _answer(scored: Scored) -> Response:
    body, status = scored.body, scored.status
    response = Response(body, status) if isinstance(body, bytes) else StreamingResponse(body, status)
    response.raw_headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in (*scored.headers, *_SANDBOX.items())
    ]
    return response
