"""The log of a service: one growing file, written here and by the serving process, copied to the server as it grows."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Final

from zaffre.core.errors import AzureMLException, StateConflict
from zaffre.runner.channel import Channel
from zaffre.sdk.transport import is_away

_LOOK_SECONDS: Final = 0.1
_PIECE: Final = 1024 * 1024
_CLOSE_SECONDS: Final = 5.0


class ServiceLog:
    """``say`` adds a line of ours; ``start`` begins the copying to ``route``, ``close`` sends what is left."""

    def __init__(self, path: Path, channel: Channel, route: str) -> None:
        self.path = path
        self._channel = channel
        self._route = route
        self._offset = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def start(self) -> None:
        self._thread.start()

    def say(self, line: str) -> None:
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{stamp} [zaffre] {line}\n")

    def tail(self, lines: int, since: int = 0) -> str:
        """The last lines written after the byte ``since``."""
        with self.path.open("rb") as file:
            file.seek(max(since, self.size - 256 * 1024))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def settle(self, seconds: float) -> None:
        """Wait until what is written by now is on the server too, but no longer than ``seconds``."""
        goal, deadline = self.size, time.monotonic() + seconds
        while self._offset < goal and time.monotonic() < deadline:
            self._closed.wait(_LOOK_SECONDS / 4)

    def close(self) -> None:
        self._closed.set()
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while True:
            final = self._closed.is_set()
            try:
                sent = self._ship()
            except AzureMLException as error:
                # A log that the server refuses must not stop the service; it stays readable in its file here.
                sent = False
                self._closed.wait(1.0 if is_away(error) else 10.0)
            if final and not sent:
                return
            if not sent:
                self._closed.wait(_LOOK_SECONDS)

    def _ship(self) -> bool:
        """Send the next piece; returns whether there was one."""
        with self.path.open("rb") as file:
            file.seek(self._offset)
            piece = file.read(_PIECE)
        if not piece:
            return False
        try:
            self._channel.call(lambda client: client.upload(self._route, piece, method="PATCH", offset=self._offset))
        except StateConflict as error:
            size = error.facts.get("size")
            if not isinstance(size, int) or size >= self._offset:
                raise
            self._offset = size  # the server has less than it said, for instance after a restore from a backup
            return True
        self._offset += len(piece)
        return True
