"""The layers every request passes before any route sees it: sizes, host, identity, permission, headers.

Pure ASGI, so that they hold for every route of every door, and cost a training loop's requests next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zaffre.core import limits
from zaffre.core.errors import AuthenticationException, AzureMLException, PermissionDenied, TooLarge
from zaffre.core.wire import API
from zaffre.server.accounts.credentials import COOKIE, Credentials, read_header
from zaffre.server.accounts.permissions import Permissions
from zaffre.server.api import access, permits
from zaffre.server.api.errors import fault
from zaffre.server.store.tokens import Principal

Render = Callable[[AzureMLException, str], Response]  # the answer for an error at a path

# The bodies that are files: they are streamed to the disk and never held.
_FILE_ROUTE = re.compile(
    rf"{API}/workspaces/[^/]+/(?:runs/[^/]+/artifacts|uploads|datastores/[^/]+/files|snapshots/blobs|services/[^/]+/logs)/?.*"
    r"|(?:/workspaces/[^/]+)?/(?:api|ajax-api)/2\.0/mlflow-artifacts/(?:artifacts|mpu/part)/.*"
)
_HOSTS_KNOWN = 64
_HEADERS = (  # of every answer, unless its route says otherwise
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_SCORE_ROUTE = re.compile(rf"(?:{API}/workspaces/[^/]+)?/services/[^/]+/(?:[^/]+/)?score")


def body_limit(path: str) -> int:
    """The greatest body, in bytes, that a path takes."""
    if _FILE_ROUTE.fullmatch(path):
        return limits.ARTIFACT_BYTES
    if path == access.SIGN_IN:  # which anyone may send
        return limits.SIGN_IN_BYTES
    return limits.SCORE_BODY_BYTES if _SCORE_ROUTE.fullmatch(path) else limits.JSON_BODY_BYTES


class Guard:
    """Answers 401 and 403 by itself; a request that it lets through knows who asks, as ``request.state.principal``.

    What answers for long asks ``request.state.guard`` again (``admit``), with what the request came with.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        credentials: Credentials,
        permissions: Permissions,
        hosts: frozenset[str],
        render: Render,
    ) -> None:
        self._app = app
        self._credentials = credentials
        self._permissions = permissions
        self._hosts = hosts
        self._render = render
        self._known_hosts: set[str] = set()  # Host headers that were found to be allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no route speaks anything else
            await send({"type": "websocket.close", "code": 1008, "reason": "This server speaks HTTP only."})
            return
        try:
            await self.admit(scope)
        except AzureMLException as error:
            await self._render(error, scope["path"])(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def admit(self, scope: Scope) -> None:
        """Let a request through, or raise the reason why not."""
        headers = Headers(scope=scope)
        self._check_host(headers)
        method, path = scope["method"], scope["path"]
        if access.is_public(method, path):
            if method not in access.READING and headers.get("origin") is not None and not _same_origin(headers):
                raise PermissionDenied("A browser may sign in, or call a service, only from this server's own pages.")
            return
        principal = await self._identify(headers, method, address_of(scope))
        access.check(principal, method, path)
        if not self._permissions.is_free(principal):
            await permits.check(self._permissions, principal, method, path)
        state = scope.setdefault("state", {})
        state["principal"] = principal
        state["guard"] = self

    def _check_host(self, headers: Headers) -> None:
        # A page that rebinds its own name to this address sends its own name here.
        host = headers.get("host", "")
        if host in self._known_hosts:
            return
        if (urlsplit(f"//{host}").hostname or "").lower() not in self._hosts:
            raise PermissionDenied(
                f"This server does not answer to the host name {host!r}. Use http://127.0.0.1 or http://localhost "
                "with its port, or start the server with --allow-host and that name."
            )
        if len(self._known_hosts) < _HOSTS_KNOWN:  # a name goes with any port and in any case: do not keep them all
            self._known_hosts.add(host)

    async def _identify(self, headers: Headers, method: str, address: str) -> Principal:
        if authorization := headers.get("authorization"):
            secret, name = read_header(authorization)
            return await self._credentials.identify(secret, name, address)
        session = _session(headers)
        if session is None:
            raise AuthenticationException(
                "This request carries no token. Send the header 'Authorization: Bearer <token>', or a user's name and "
                "password; the token of the server on this machine is in ZAFFRE_HOME/token. In a browser, sign in or "
                "open the link that `zaffre up` prints."
            )
        principal = await self._credentials.identify(session)
        if method not in access.READING and not _same_origin(headers):
            raise PermissionDenied("A signed-in browser may change things only from this server's own pages.")
        return principal


class Answers:
    """The outermost layer: limits bodies, sets the security headers, and turns what escapes into an answer."""

    def __init__(self, app: ASGIApp, *, render: Render) -> None:
        self._app = app
        self._render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        body = _LimitedBody(receive, body_limit(path))
        answer = _Answer(send, body)
        try:
            body.check_length(Headers(scope=scope))
            await self._app(scope, body.receive, answer.send)
            trouble = body.trouble
        except AzureMLException as error:
            trouble = body.trouble or error
        except Exception as error:
            trouble = body.trouble or fault(error, scope["method"], path)
        if trouble is not None and not answer.started:
            body.trouble = None
            await self._render(trouble, path)(scope, receive, answer.send)


class _LimitedBody:
    """Counts a body while it comes in: a chunked one says no length, and a length may lie."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._seen = 0
        self.trouble: AzureMLException | None = None

    def check_length(self, headers: Headers) -> None:
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._limit:
            raise self._too_large()

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            if self._seen > self._limit:
                self.trouble = self._too_large()
                raise self.trouble
        return message

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"The body of this request is larger than the {self._limit} bytes this route takes. Send less at once.",
            limit=self._limit,
        )


class _Answer:
    """Sends an answer with the headers every answer has; none once the body was too large, for another comes."""

    def __init__(self, send: Send, body: _LimitedBody) -> None:
        self._send = send
        self._body = body
        self.started = False

    async def send(self, message: Message) -> None:
        if self._body.trouble is not None and not self.started:
            return
        if message["type"] == "http.response.start":
            self.started = True
            given = list(message.get("headers", ()))
            names = {name.lower() for name, _ in given}
            message["headers"] = given + [header for header in _HEADERS if header[0] not in names]
        await self._send(message)


def address_of(scope: Scope) -> str:
    """Where a request comes from, as far as the connection tells."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _session(headers: Headers) -> str | None:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel is not None else None


def _same_origin(headers: Headers) -> bool:
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    return headers.get("sec-fetch-site") == "same-origin"
