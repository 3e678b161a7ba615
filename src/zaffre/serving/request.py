"""What is read off a request before ``run()`` sees it: its ids and its body."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

ID_LIMIT = 100  # characters of a request id


class BodyTooLarge(Exception):
    """The body, or the length it announces, is over the limit."""


class ClientGone(Exception):
    """The caller hung up before its body was complete."""


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body of at most ``limit`` bytes; raises ``BodyTooLarge`` or ``ClientGone``."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise BodyTooLarge
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ClientGone
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise BodyTooLarge
        more = event.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


class RequestIds:
    """The ids of one request and how they are answered; ``fault`` says that one is too long.

    ``x-request-id`` is the request's own and made when absent. ``x-ms-client-request-id`` is the caller's;
    ``x-ms-request-id`` is its older name and always answered.
    """

    __slots__ = ("_client_id", "_legacy_id", "_trace_id", "fault", "request_id")

    def __init__(self, headers: Headers) -> None:
        request_id = client_id = legacy_id = self._trace_id = b""
        for name, value in headers:
            if name == b"x-request-id":
                request_id = value
            elif name == b"x-ms-client-request-id":
                client_id = value
            elif name == b"x-ms-request-id":
                legacy_id = value
            elif name == b"traceid":
                self._trace_id = value
        self.fault: str | None = None
        if len(request_id) > ID_LIMIT:
            self.fault = f"x-request-id must not exceed {ID_LIMIT} characters"
            request_id = client_id = legacy_id = b""
        else:
            request_id = request_id or str(uuid.uuid4()).encode()
            if len(client_id) > ID_LIMIT or len(legacy_id) > ID_LIMIT:
                self.fault = f"x-ms-request-id and x-ms-client-request-id must not exceed {ID_LIMIT} characters"
                client_id = legacy_id = b""
            else:
                legacy_id, client_id = legacy_id or client_id or request_id, client_id or legacy_id
        self.request_id = request_id
        self._legacy_id = legacy_id
        self._client_id = client_id

    def answered(self) -> Headers:
        """The response headers that carry the ids back."""
        pairs = (
            (b"x-request-id", self.request_id),
            (b"x-ms-request-id", self._legacy_id),
            (b"x-ms-client-request-id", self._client_id),
            (b"traceid", self._trace_id),
        )
        return [pair for pair in pairs if pair[1]]


def titled(headers: Headers) -> dict[str, str]:
    """Headers as ``run(data, request_headers)`` gets them: ``Content-Type``, values joined with a comma."""
    named: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").title(), raw_value.decode("latin-1")
        named[name] = f"{named[name]}, {value}" if name in named else value
    return named
