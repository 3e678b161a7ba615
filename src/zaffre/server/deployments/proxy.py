"""A request to a service, made by the server for those who cannot reach the service's own port."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from zaffre.core.entities import Service
from zaffre.core.errors import ServerUnavailable, StateConflict, Unsupported

TIMEOUT_SECONDS: Final = 3610.0  # a little more than the longest a service may take by default
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_PIECE: Final = 64 * 1024
_AT_ONCE: Final = 1024 * 1024  # a body up to this length is passed on whole
# What concerns one connection only, or the server's own pages. RFC 9110, 7.6.1.
_HOP: Final = ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "upgrade")
_OWN: Final = frozenset((*_HOP, "transfer-encoding", "host", "cookie", "set-cookie", "server", "date"))


@dataclass(frozen=True, slots=True)
class Scored:
    """An answer. Where it is long, or of unknown length, its body is still to come: read it to its end, or close it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes | Iterator[bytes]


def forward(service: Service, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Scored:
    """Send a request to the service, whatever it answers. Blocks. ``target`` is a path below the service's own, such as
    ``/score``, and may have a query.

    ``StateConflict`` when it does not serve, ``Unsupported`` when it is on another machine, ``ServerUnavailable`` when
    it does not answer.
    """
    if service.scoring_uri is None:
        raise StateConflict(
            f"Service {service.name} is {service.state.value} and serves nothing yet. Wait until it is running.",
            service=service.name,
        )
    base = urlsplit(service.scoring_uri)
    if base.hostname not in _LOOPBACK or base.scheme != "http":
        raise Unsupported(
            f"Service {service.name} is at {service.scoring_uri}, not on the server's machine. Send the request there."
        )
    connection = http.client.HTTPConnection(base.hostname, base.port, timeout=TIMEOUT_SECONDS)
    passed = {name: value for name, value in headers.items() if name.lower() not in (*_OWN, "content-length")}
    try:
        connection.request(method, base.path.removesuffix("/score") + target, body, passed)
        response = connection.getresponse()
        short = response.length is not None and response.length <= _AT_ONCE
        whole = response.read() if short else None
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise ServerUnavailable(
            f"Service {service.name} does not answer at {service.scoring_uri}: {error}. Look at its logs."
        ) from error
    kept = [(name, value) for name, value in response.getheaders() if name.lower() not in _OWN]
    if whole is not None:
        connection.close()
        return Scored(response.status, kept, whole)
    return Scored(response.status, kept, _pieces(connection, response))


def _pieces(connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while piece := response.read1(_PIECE):
            yield piece
    finally:
        connection.close()
