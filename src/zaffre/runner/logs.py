"""Growing log files, shipped while they grow: each piece at its offset, so that nothing is lost or doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from zaffre.core.errors import AzureMLException, StateConflict
from zaffre.runner.channel import Channel
from zaffre.sdk.client import artifact

_LOOK_SECONDS: Final = 0.1  # how long a line waits at most before it is sent
_PIECE: Final = 1024 * 1024


class GrowingFile:
    """One local file that only grows, and how much of it the server has."""

    def __init__(self, local: Path, remote: str, secret: str = "") -> None:
        self.local = local
        self.remote = remote
        self.offset = 0
        self._secret = secret.encode()
        self._is_announced = False

    def ship(self, channel: Channel, prefix: str, *, final: bool) -> bool:
        """Send the next piece, if there is one; returns whether there was. Raises what the server raised."""
        piece = self._next(final)
        if not piece and self._is_announced:
            return False
        try:
            channel.call(
                lambda client: client.transport.request(
                    "PATCH",
                    f"{prefix}/artifacts/{artifact(self.remote)}",
                    params={"offset": self.offset},
                    content=piece,
                    headers={"content-type": "application/octet-stream"},
                    idempotent=True,
                )
            )
        except StateConflict as error:
            size = error.facts.get("size")
            if not isinstance(size, int) or size >= self.offset:
                raise
            self.offset = size  # the server has less than it said, for instance after a restore from a backup
            return True
        self._is_announced = True
        self.offset += len(piece)
        return bool(piece)

    def _next(self, final: bool) -> bytes:
        try:
            with self.local.open("rb") as file:
                file.seek(self.offset)
                data = file.read(_PIECE)
        except FileNotFoundError:
            return b""
        if not self._secret:
            return data
        # A secret that the piece ends within is held back until the rest of it is there.
        if not final or len(data) == _PIECE:
            data = data[: len(data) - _begun(data, self._secret)]
        return masked(data, self._secret)


class LogShipper:
    """Ships files in a thread of its own until ``close``."""

    def __init__(
        self,
        channel: Channel,
        prefix: str,
        *,
        give_up: Callable[[], bool],
        on_refusal: Callable[[AzureMLException], None],
    ) -> None:
        self._channel = channel
        self._prefix = prefix
        self._give_up = give_up
        self._on_refusal = on_refusal
        self._files: list[GrowingFile] = []
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="logs", daemon=True)
        self.failure: AzureMLException | None = None

    def start(self) -> None:
        self._thread.start()

    def add(self, file: GrowingFile) -> None:
        self._files.append(file)

    def close(self) -> bool:
        """Send what is left; returns whether everything was sent."""
        self._closed.set()
        self._thread.join()
        return self.failure is None

    def _run(self) -> None:
        while True:
            final = self._closed.is_set()
            busy = False
            for file in tuple(self._files):
                busy = self._ship(file, final) or busy
            if final and not busy:
                return
            if not busy:
                self._closed.wait(_LOOK_SECONDS)

    def _ship(self, file: GrowingFile, final: bool) -> bool:
        def attempt(_: object) -> bool:
            return file.ship(self._channel, self._prefix, final=final)

        try:
            return self._channel.insist(attempt, lambda: self._closed.is_set() and self._give_up(), self._on_refusal)
        except AzureMLException as error:
            self.failure = error
            self._files.remove(file)
            return False


def masked(data: bytes, secret: bytes) -> bytes:
    """The data with every occurrence of the secret as asterisks of the same length: offsets stay what they are."""
    return data.replace(secret, b"*" * len(secret)) if secret else data


def _begun(data: bytes, secret: bytes) -> int:
    """The length of the longest end of ``data`` that is a beginning of ``secret``, but not all of it."""
    longest = min(len(data), len(secret) - 1)
    return next((n for n in range(longest, 0, -1) if data.endswith(secret[:n])), 0)
