"""The door itself: finds the act for a path, reads the message, and writes the answer or the error.

Acts block, so each runs in a worker thread. Coroutines are those that a training loop waits for, and the transfers of
files.
"""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from zaffre.core import codec, contract
from zaffre.core.errors import AzureMLException, InternalError, InvalidValue
from zaffre.server.mlflow import framing, page_tokens, permits
from zaffre.server.mlflow.errors import EndpointNotFound, render
from zaffre.server.mlflow.framing import Message
from zaffre.server.mlflow.rooms import Rooms

M = TypeVar("M", bound=Message)

_log = logging.getLogger(__name__)
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_BELOW: Final = re.compile(r"^(?:/workspaces/([^/]+))?/(?:(?:ajax-)?api/(?=[23]\.0/)|(?=v1/traces(?:/|$)))")


@dataclass(frozen=True, slots=True)
class Act(Generic[M]):
    """One route: its message, and the function that does it and returns what the answer's JSON holds."""

    verb: str
    path: str  # below /api or /ajax-api, such as "2.0/mlflow/runs/get"; "{name}" is a part of it
    message: type[M]
    run: Callable[[Rooms, M], Any]  # a coroutine function where a thread would cost too much
    is_async: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_async", inspect.iscoroutinefunction(self.run))


@dataclass(frozen=True, slots=True)
class Transfer:
    """One route that streams a file; ``path`` ends with the file's."""

    verb: str
    path: str
    run: Callable[[Rooms, Request, str], Awaitable[Response]]


class Door:
    """An ASGI application for everything below /api/2.0, /api/3.0 and their twins under /ajax-api, and for /v1/traces.

    Below /workspaces/<name> it is that workspace's; at the root, the default one's.
    """

    def __init__(self, rooms: Rooms, acts: Iterable[Act[Any]], transfers: Iterable[Transfer]) -> None:
        self._rooms = rooms
        self._plain: dict[str, dict[str, Act[Any]]] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, Act[Any]]]] = []
        self._transfers: dict[str, dict[str, Transfer]] = {}
        by_pattern: dict[str, dict[str, Act[Any]]] = {}
        for act in acts:
            target = by_pattern if _PARAMETER.search(act.path) else self._plain
            target.setdefault(act.path, {})[act.verb] = act
        for path, verbs in by_pattern.items():
            self._patterns.append((re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", path)), verbs))
        for transfer in transfers:
            self._transfers.setdefault(transfer.path, {})[transfer.verb] = transfer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response: ASGIApp = await self._answer(request)
        except AzureMLException as error:
            response = render(error)
        except ClientDisconnect:
            return
        except Exception:
            _log.exception("%s %s failed", request.method, request.url.path)
            response = render(InternalError("The server failed to answer this request; its log says why."))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        below = _BELOW.match(request.scope["path"])
        assert below is not None, "Ahead passes on nothing else"
        path = request.scope["path"][below.end() :]
        rooms = self._rooms_for(request, below[1] or contract.DEFAULT_WORKSPACE)
        for prefix, transfers in self._transfers.items():
            if path.startswith(prefix):
                transfer = _of_verb(transfers, request)
                return await transfer.run(rooms, request, path[len(prefix) :])
        act, parts = self._find(path, request)
        message = await _read(request, act, parts)
        if not rooms.permissions.is_free(rooms.asker):
            await permits.check(rooms, act.verb, act.path, message)
        digest = page_tokens.check(message, rooms.workspace) if page_tokens.has_pages(act.message) else None
        answer = await (act.run(rooms, message) if act.is_async else run_in_threadpool(act.run, rooms, message))
        if digest is not None:
            answer = page_tokens.bind(answer, digest)
        return _Answered(codec.encode({} if answer is None else answer))

    def _find(self, path: str, request: Request) -> tuple[Act[Any], Mapping[str, str]]:
        verbs = self._plain.get(path)
        if verbs is not None:
            return _of_verb(verbs, request), {}
        for pattern, by_verb in self._patterns:
            match = pattern.fullmatch(path)
            if match:
                return _of_verb(by_verb, request), match.groupdict()
        raise EndpointNotFound(
            f"This server has no {request.method} {request.url.path}. Of MLflow it offers experiments, runs, metrics, "
            "artifacts, logged models, traces, the model registry, webhooks and users."
        )

    def _rooms_for(self, request: Request, workspace: str) -> Rooms:
        wanted = request.headers.get("x-mlflow-workspace")
        if wanted not in (None, "", workspace):
            raise InvalidValue(
                f"The header X-MLFLOW-WORKSPACE names {wanted!r}, but the tracking URI is that of the workspace "
                f"{workspace!r}. Use the tracking URI of the workspace, which ends in /workspaces/{wanted}.",
            )
        client = request.scope.get("client")
        return self._rooms.of(
            workspace,
            request.scope["state"]["principal"],  # the guard lets nobody through
            str(client[0]) if client else "",
        )


class _Answered:
    """The JSON of an act on its way out; Starlette's own response takes several times as long to make."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(self._body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})


class Ahead:
    """A layer that passes to the door what is the door's, before any router looks at it: training loops wait for it."""

    def __init__(self, app: ASGIApp, *, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_ours = scope["type"] == "http" and _BELOW.match(scope["path"]) is not None
        await (self._door if is_ours else self._app)(scope, receive, send)


T = TypeVar("T")


def _of_verb(verbs: Mapping[str, T], request: Request) -> T:
    found = verbs.get("GET" if request.method == "HEAD" else request.method)
    if found is None:
        raise EndpointNotFound(
            f"This server has no {request.method} {request.url.path}; it has {' and '.join(sorted(verbs))} there."
        )
    return found


async def _read(request: Request, act: Act[M], parts: Mapping[str, str]) -> M:
    if request.method in ("GET", "HEAD"):
        return framing.from_query(request.query_params, act.message, parts)
    body = await request.body()
    if body or not parts:
        framing.check_content_type(request.headers.get("content-type"))
    if parts:
        return framing.with_path(body, act.message, parts)
    return framing.from_body(body, act.message)
