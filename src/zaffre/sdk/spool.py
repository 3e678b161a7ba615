"""Requests that could not be sent because the server was away: kept on disk, in order, until it answers.

Each process writes one file and holds a lock on it. A file without a holder was left by a process that ended while the
server was away; ``replay_orphans`` sends it.
"""

from __future__ import annotations

import json
import logging
import math
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final

from zaffre.core.errors import AuthenticationException, AzureMLException, PermissionDenied, ServerUnavailable
from zaffre.core.filelock import try_lock
from zaffre.sdk.transport import Retries, Transport, is_away

FOLDER: Final = "spool"
_log = logging.getLogger("zaffre")


@dataclass(frozen=True, slots=True)
class SpooledRequest:
    """A request whose repetition does no harm; ``body`` is JSON text."""

    method: str
    path: str
    body: str


Send = Callable[[SpooledRequest], None]


def send_with(transport: Transport, timeout: float, deadline: float = math.inf) -> Send:
    """Sends a request once, with one quick second try for a connection that the server had closed meanwhile.

    After ``deadline`` (of ``time.monotonic``) the server counts as away.
    """

    def send(request: SpooledRequest) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise ServerUnavailable("There was no time left to send what waits; it is sent later.")
        transport.request(
            request.method,
            request.path,
            content=request.body.encode(),
            headers={"content-type": "application/json"},
            idempotent=True,
            retries=Retries(seconds=0.3),
            timeout=min(timeout, left),
        )

    return send


class Spool:
    """The requests of this process that wait. Not thread-safe: the caller holds a lock."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self._file: IO[bytes] | None = None
        self._waiting: list[SpooledRequest] = []  # what stands in the file, or could not be written there
        self._is_torn = False  # whether the file lacks something that waits

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def path(self) -> str:
        return self._file.name if self._file is not None else str(self._folder)

    def add(self, request: SpooledRequest) -> None:
        """Keep a request; where the disk does not take it, in memory for as long as the process lives."""
        self._waiting.append(request)
        try:
            if self._file is None:
                self._file = _create(self._folder, self._url)
            self._file.write(json.dumps(asdict(request)).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            self._is_torn = True
            _log.warning("Zaffre cannot keep unsent values in %s: %s; they wait in memory.", self._folder, error)

    def replay(self, send: Send) -> bool:
        """Send what waits, in order; True when nothing waits any more, False when the server is still away."""
        sent = 0
        try:
            for request in self._waiting:
                deliver(request, send)
                sent += 1
        except AzureMLException as error:
            if not is_away(error):
                raise
        del self._waiting[:sent]
        if self._waiting:
            return False
        self.close()
        return True

    def close(self) -> None:
        """Let go of the file; it stays for the next process if something waits, else it is removed."""
        if self._is_torn and self._waiting:
            self._write_anew()
        self._is_torn = False
        if self._file is not None:
            if not self._waiting:
                Path(self._file.name).unlink(missing_ok=True)
            self._file.close()
            self._file = None

    def _write_anew(self) -> None:
        """Another try to keep what the disk did not take before."""
        try:
            file = _create(self._folder, self._url)
            file.writelines(json.dumps(asdict(request)).encode() + b"\n" for request in self._waiting)
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            _log.warning("Zaffre could not keep unsent values in %s: %s; they are lost.", self._folder, error)
            return
        if self._file is not None:
            Path(self._file.name).unlink(missing_ok=True)
            self._file.close()
        self._file = file


def deliver(request: SpooledRequest, send: Send) -> None:
    """Send one request; a refusal is logged and ends the matter, only "away" is raised."""
    try:
        send(request)
    except AzureMLException as error:
        if is_away(error):
            raise
        _log.warning("The Zaffre server refused %s %s: %s", request.method, request.path, error.message)


def replay_orphans(transport: Transport, folder: Path, *, url: str = "", insist: bool = False) -> int:
    """Send what processes that are gone left in ``folder`` for this server; returns how many requests were sent.

    ``url`` is what those processes know the server by, where it has moved since. A file that this token may not send is
    left alone. The files stay when the server is away; only with ``insist`` is that raised.
    """
    sent = 0
    for path in sorted(folder.glob("*.jsonl")):
        try:
            with path.open("r+b") as file:
                if try_lock(file):
                    sent += _replay_file(transport, file, url or transport.url)
                    path.unlink(missing_ok=True)
        except (OSError, AzureMLException) as error:
            if insist and is_away(error):
                raise
            _log.debug("the spool %s stays: %s", path, error)
    return sent


def _replay_file(transport: Transport, file: IO[bytes], url: str) -> int:
    """Send one file's requests; raises before the file is removed when they must wait or belong elsewhere."""
    lines = file.read().splitlines()
    if not lines:
        return 0
    if json.loads(lines[0])["url"] != url:
        raise OSError("it is for another server")
    send = send_with(transport, 30.0)
    requests = [SpooledRequest(**json.loads(line)) for line in lines[1:] if line.endswith(b"}")]
    for request in requests:
        try:
            send(request)
        except (AuthenticationException, PermissionDenied):
            raise
        except AzureMLException as error:
            if is_away(error):
                raise
            _log.warning("The Zaffre server refused %s %s: %s", request.method, request.path, error.message)
    return len(requests)


def _create(folder: Path, url: str) -> IO[bytes]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = (folder / f"{os.getpid()}-{secrets.token_hex(4)}.jsonl").open("x+b")
    try_lock(file)
    file.write(json.dumps({"url": url}).encode() + b"\n")
    return file
