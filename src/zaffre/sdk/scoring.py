"""One call of a service's scoring address."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from zaffre.core.errors import ServerUnavailable, WebserviceException
from zaffre.sdk.transport import Retries, Transport

SECONDS: Final = 3600.0  # the service itself limits how long an answer may take
_STARTING_SECONDS: Final = 30.0  # how long an answer of 502 is asked again
_ANY: Final = frozenset(range(400, 600))


def score(name: str, uri: str, data: str | bytes, key: str = "", more: Mapping[str, str] | None = None) -> Any:
    """The parsed answer; text when it is not JSON. Raises ``WebserviceException`` for every status but 200.

    ``key``: one of the service's own, or a token. ``more``: further headers.
    """
    if not isinstance(data, (str, bytes, bytearray)):
        raise WebserviceException(
            f"run() sends text or bytes, not {type(data).__name__}: pass json.dumps({{'data': ...}})."
        )
    parts = urlsplit(uri)
    # No token of the workspace goes to a service: its address may be anybody's by now.
    transport = Transport(f"{parts.scheme}://{parts.netloc}", "", retries=Retries(seconds=2.0), timeout=SECONDS)
    body = data.encode() if isinstance(data, str) else bytes(data)
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}" if key else "", **(more or {})}
    deadline = time.monotonic() + _STARTING_SECONDS
    try:
        while True:
            answer = transport.request(
                "POST", parts.path, content=body, headers=headers, idempotent=False, expected=_ANY
            )
            # A proxy before a service that is starting answers 502, and so does a service whose run() failed, which
            # says so: what it did once it shall not do again.
            starting = answer.status == 502 and "x-ms-run-function-failed" not in answer.headers
            if not starting or time.monotonic() > deadline:
                break
            time.sleep(0.5)
    except ServerUnavailable as error:
        raise WebserviceException(
            f"The service {name} does not answer on {uri}: see its state and get_logs().", None, error
        ) from error
    finally:
        transport.close()
    if answer.status != 200:
        text = answer.body.decode("utf-8", "replace")
        raise WebserviceException(
            f"The service {name} answered {answer.status}: {text[:2000]} Its log tells more: get_logs().",
            answer.status,
            body=text,
        )
    try:
        return json.loads(answer.body)
    except ValueError:
        return answer.body.decode("utf-8", "replace")


def status_of(uri: str, key: str = "", more: Mapping[str, str] | None = None) -> int:
    """The status that a GET of ``uri`` gets."""
    parts = urlsplit(uri)
    transport = Transport(f"{parts.scheme}://{parts.netloc}", "", retries=Retries(seconds=2.0))
    headers = {"authorization": f"Bearer {key}" if key else "", **(more or {})}
    try:
        return transport.request("GET", parts.path, headers=headers, idempotent=True, expected=_ANY).status
    finally:
        transport.close()
