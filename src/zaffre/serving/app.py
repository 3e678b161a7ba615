"""The HTTP face of an entry script, as a bare ASGI app: every request passes here, so there is no framework."""

from __future__ import annotations

import logging
import time
from urllib.parse import parse_qsl

from zaffre.core.rawhttp import AMLRequest
from zaffre.serving import cors
from zaffre.serving.keys import Keys
from zaffre.serving.request import BodyTooLarge, ClientGone, Headers, Receive, RequestIds, Scope, Send, read_body
from zaffre.serving.results import Answer, message, unauthorised
from zaffre.serving.settings import Settings
from zaffre.serving.swagger import Swagger
from zaffre.serving.worker import Worker, arguments_as_json

log = logging.getLogger("zaffre.serving")

_SCORE_METHODS = ("GET", "POST", "OPTIONS")
_TEXT = b"text/html; charset=utf-8"


class ScoringApp:
    """Routes ``/``, ``/ready``, ``/score`` and ``/swagger.json`` below the service's path prefix.

    It exists only after ``init()`` returned, so whatever answers is ready.
    """

    def __init__(self, settings: Settings, worker: Worker, swagger: Swagger, *, raw: bool) -> None:
        self._settings = settings
        self._worker = worker
        self._swagger = swagger
        self._raw = raw  # run() takes the whole request, whatever its method
        self._score_path = f"{settings.prefix}/score"
        self._keys = Keys(settings.keys_file) if settings.keys_file is not None else None
        self._debug = log.isEnabledFor(logging.DEBUG)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"this service speaks HTTP only, not {scope['type']}")
        start = time.perf_counter()
        ids = RequestIds(scope["headers"])
        if ids.fault is not None:
            reply = message(431, ids.fault)
        elif scope["path"] == self._score_path:
            reply = await self._score(scope, receive, ids)
        else:
            reply = self._other(scope, ids)
        await self._send(scope, send, reply, ids)
        if self._debug:
            elapsed = (time.perf_counter() - start) * 1000
            log.debug("%s %s %s %.3f ms", scope["method"], scope["path"], reply.status, elapsed)

    async def _score(self, scope: Scope, receive: Receive, ids: RequestIds) -> Answer:
        method = scope["method"]
        if method not in _SCORE_METHODS:
            return message(405, "The method is not allowed for this URL: use POST or GET.")
        if method == "OPTIONS" and not self._raw:
            return Answer(200, b"", _TEXT)
        if self._keys is not None and (why := self._keys.refusal(scope["headers"])) is not None:
            return unauthorised(why, ids.request_id.decode("latin-1"))
        data: object
        if method == "GET" and not self._raw:
            data = arguments_as_json(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        else:
            try:
                body = await read_body(scope, receive, self._settings.body_bytes)
                data = self._request(scope, body) if self._raw else body.decode()
            except BodyTooLarge:
                return message(413, f"The body is larger than {self._settings.body_bytes} bytes.")
            except ClientGone:
                return message(400, "The body is incomplete.")
            except UnicodeDecodeError as error:
                return message(400, f"The body is not UTF-8 text: {error.reason} at byte {error.start}.")
        return await self._worker.submit(data, scope["headers"], ids.request_id.decode("latin-1"))

    def _request(self, scope: Scope, body: bytes) -> AMLRequest:
        return AMLRequest(scope["method"], scope["path"], scope["query_string"], scope["headers"], body)

    def _other(self, scope: Scope, ids: RequestIds) -> Answer:
        path = scope["path"].removeprefix(self._settings.prefix)
        if path not in ("", "/", "/ready", "/swagger.json"):
            return message(404, f"There is nothing at {scope['path']}: score with POST {self._score_path}.")
        if scope["method"] not in ("GET", "HEAD"):
            return message(405, "The method is not allowed for this URL: use GET.")
        if path == "/swagger.json":
            if self._keys is not None and (why := self._keys.refusal(scope["headers"])) is not None:
                return unauthorised(why, ids.request_id.decode("latin-1"))
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            return self._swagger.answer(query.get("version", "2"))
        return Answer(200, b"Ready" if path == "/ready" else b"Healthy", _TEXT)

    async def _send(self, scope: Scope, send: Send, reply: Answer, ids: RequestIds) -> None:
        headers: Headers = [
            (b"content-type", reply.content_type),
            (b"content-length", b"%d" % len(reply.body)),
            (b"x-ms-run-function-failed", b"True" if reply.failed else b"False"),
            *ids.answered(),
        ]
        if reply.seconds is not None:
            headers.append((b"x-ms-run-fn-exec-ms", b"%.3f" % (reply.seconds * 1000)))
        if reply.headers:  # those of a response object; none of ours can be overwritten
            taken = {name for name, _ in headers}
            headers.extend(pair for pair in reply.headers if pair[0] not in taken)
        if self._settings.server_version:
            headers.append((b"x-ms-server-version", self._settings.server_version.encode()))
        if self._settings.cors_origins:
            headers.extend(cors.headers(scope["headers"], self._settings.cors_origins))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else reply.body
        await send({"type": "http.response.body", "body": body})
