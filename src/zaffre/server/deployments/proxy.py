"""A request to a service, made by the server: a browser page may not speak to another port by itself."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from zaffre.core.entities import Service
from zaffre.core.errors import ServerUnavailable, StateConflict, Unsupported

TIMEOUT_SECONDS = 70.0  # a little more than the longest a service may take by default
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PASSED_ON = ("content-type",)


@dataclass(frozen=True, slots=True)
class Scored:
    status: int
    headers: Mapping[str, str]
    body: bytes


def forward(service: Service, body: bytes, content_type: str | None) -> Scored:
    """POST ``body`` to the service's scoring URI, whatever it answers. Blocks.

    ``StateConflict`` when it does not serve, ``Unsupported`` when it is on another machine, ``ServerUnavailable`` when
    it does not answer.
    """
    if service.scoring_uri is None:
        raise StateConflict(
            f"Service {service.name} is {service.state.value} and serves nothing yet. Wait until it is running.",
            service=service.name,
        )
    target = urlsplit(service.scoring_uri)
    if target.hostname not in _LOOPBACK or target.scheme != "http":
        raise Unsupported(
            f"Service {service.name} is at {service.scoring_uri}, not on the server's machine. Send the request there."
        )
    connection = http.client.HTTPConnection(target.hostname, target.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", target.path or "/", body, {"Content-Type": content_type or "application/json"})
        response = connection.getresponse()
        passed = {
            name: value
            for name, value in response.getheaders()
            if name.lower() in _PASSED_ON or name.lower().startswith("x-ms-")
        }
        return Scored(response.status, passed, response.read())
    except (OSError, http.client.HTTPException) as error:
        raise ServerUnavailable(
            f"Service {service.name} does not answer at {service.scoring_uri}: {error}. Look at its logs."
        ) from error
    finally:
        connection.close()
