"""One request to a webhook: to a checked address, without redirects, proxies or patience."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from zaffre import __version__
from zaffre.server.webhooks.addresses import Target, parse, resolve

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0  # for all of a request, however slowly the answer drips
BODY_BYTES: Final = 64 * 1024  # of an answer; what is longer is not read


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request: a status and the answer's beginning, or why there was no answer."""

    status: int | None = None
    body: str = ""
    error: str = ""
    retry_after: int | None = None  # seconds that the receiver asked to wait

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def passing(self) -> bool:
        """Whether another attempt may go better."""
        return self.status is None or self.status in (408, 425, 429) or self.status >= 500


def headers(delivery_id: str, body: bytes, secret: str | None) -> dict[str, str]:
    """What MLflow's receivers verify: base64 of HMAC-SHA256 over ``<id>.<seconds>.<body>``."""
    moment = str(int(time.time()))
    found = {
        "Content-Type": "application/json",
        "User-Agent": f"zaffre/{__version__}",
        "X-MLflow-Delivery-Id": delivery_id,
        "X-MLflow-Timestamp": moment,
    }
    if secret:
        signed = b".".join((delivery_id.encode(), moment.encode(), body))
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
        found["X-MLflow-Signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return found


def send(url: str, body: bytes, given: Mapping[str, str], *, private: bool) -> Outcome:
    """POST ``body``. Never raises for what the receiver does; ``InvalidValue`` for an address that is not allowed."""
    target = parse(url, private=private)
    addresses = resolve(target, private=private)
    connection = _Connection(target, addresses)
    watch = threading.Timer(TOTAL_SECONDS, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", target.path, body, {"Host": target.authority, **given})
        answer = connection.getresponse()
        text = answer.read(BODY_BYTES).decode(errors="replace")
        if connection.was_cut:
            return Outcome(error=f"{target.authority} did not answer within {TOTAL_SECONDS:g} seconds")
        wait = answer.headers.get("Retry-After", "")
        return Outcome(answer.status, text, retry_after=int(wait) if wait.isdecimal() and len(wait) < 6 else None)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Outcome(error=f"{target.authority} did not answer: {type(error).__name__}: {error}"[:500])
    finally:
        watch.cancel()
        connection.close()


class _Connection(http.client.HTTPConnection):
    """To one of the addresses that were checked; a certificate must be that of the host's name."""

    def __init__(self, target: Target, addresses: list[str]) -> None:
        super().__init__(target.host, target.port, timeout=TOTAL_SECONDS)
        self._target = target
        self._addresses = addresses
        self.was_cut = False

    def connect(self) -> None:
        self.sock = self._reach()
        if self._target.secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self._target.host)

    def _reach(self) -> socket.socket:
        trouble: OSError = OSError("it has no address")
        for address in self._addresses:
            try:
                made = socket.create_connection((address, self._target.port), CONNECT_SECONDS)
                made.settimeout(TOTAL_SECONDS)
                return made
            except OSError as error:
                trouble = error
        raise trouble

    def cut(self) -> None:
        """End what is under way, from another thread."""
        self.was_cut = True
        sock = self.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return
