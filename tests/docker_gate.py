"""A way to the engine that can be closed: for clients the engine is away, as when it is stopped."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit


class Gate:
    """A Unix socket before the engine's own; ``close`` breaks every connection, ``open`` begins anew."""

    def __init__(self, engine_address: str) -> None:
        self._engine = urlsplit(engine_address).path
        self._folder = Path(tempfile.mkdtemp(prefix="zaffre-gate-"))  # short, as the path of a socket must be
        self._file = self._folder / "docker.sock"
        self.address = f"unix://{self._file}"
        self._ends: list[socket.socket] = []
        self.open()

    def open(self) -> None:
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(self._file))
        self._door.listen(64)
        threading.Thread(target=self._accept, args=(self._door,), daemon=True).start()

    def close(self) -> None:
        self._file.unlink(missing_ok=True)
        for end in (self._door, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def remove(self) -> None:
        self.close()
        shutil.rmtree(self._folder)

    def _accept(self, door: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = door.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(self._engine)
                self._ends += [caller, engine]
                for one, other in ((caller, engine), (engine, caller)):
                    threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(origin: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := origin.recv(65536):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
