"""The line between the front and one worker: connections go down, what the worker reached comes up."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from typing import Any, Final

# Orders to the worker. A slot's number without a connection: give that one back, if nothing of a request was read.
RETIRE: Final = 0xFFFF  # give each connection back when what was read of it is answered, then end
DRAIN: Final = 0xFFFE  # the service stops: answer whoever is connected once more, then close and end


def line() -> tuple[FrontEnd, WorkerEnd]:
    """Both ends, before the worker is forked: each process closes the one that it does not use."""
    ours, theirs = socket.socketpair()
    hears, rings = os.pipe()
    return FrontEnd(ours, rings), WorkerEnd(theirs, hears)


class FrontEnd:
    """The front's end. ``facts`` are the worker's words since the last time."""

    def __init__(self, sock: socket.socket, bell: int) -> None:
        sock.setblocking(False)
        os.set_blocking(bell, False)
        self._sock = sock
        self._bell = bell
        self._rest = b""

    def fileno(self) -> int:
        return self._sock.fileno()

    def hand_over(self, connection: socket.socket, slot: int) -> bool:
        """Whether the worker will have it; False when it takes nothing now, or is gone."""
        try:
            socket.send_fds(self._sock, [slot.to_bytes(2, "big")], [connection.fileno()])
        except OSError:
            return False
        return True

    def order(self, number: int) -> bool:
        try:
            self._sock.send(number.to_bytes(2, "big"))
        except OSError:
            return False
        return True

    def ring(self) -> None:
        """Wake the worker's lifeguard."""
        with contextlib.suppress(OSError):  # it was woken often enough, or is gone
            os.write(self._bell, b".")

    def facts(self) -> tuple[list[dict[str, Any]], bool]:
        """What the worker told, and whether it holds its end no more."""
        ended = False
        while True:
            try:
                data = self._sock.recv(65536)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                ended = True
                break
            self._rest += data
        *lines, self._rest = self._rest.split(b"\n")
        return [json.loads(line) for line in lines], ended

    def close(self) -> None:
        self._sock.close()
        os.close(self._bell)


class WorkerEnd:
    """The worker's end; only ``take`` never blocks."""

    def __init__(self, sock: socket.socket, bell: int) -> None:
        self._sock = sock
        self._bell = bell

    def fileno(self) -> int:
        return self._sock.fileno()

    def tell(self, **facts: object) -> None:
        with contextlib.suppress(OSError):  # the front is gone, which ``take`` tells
            self._sock.sendall(json.dumps(facts).encode() + b"\n")

    def take(self) -> list[tuple[int, socket.socket | None]] | None:
        """Connections with their slots, and orders; None when the front is gone."""
        found: list[tuple[int, socket.socket | None]] = []
        self._sock.setblocking(False)
        try:
            while True:
                data, fds, _, _ = socket.recv_fds(self._sock, 2, 1)
                if not data:
                    return None
                found.append((int.from_bytes(data, "big"), socket.socket(fileno=fds[0]) if fds else None))
        except BlockingIOError:
            return found
        except OSError:
            return None
        finally:
            self._sock.setblocking(True)

    def wait_for_ring(self) -> bool:
        """Sleep until the front rings; False when it is gone."""
        return bool(os.read(self._bell, 64))

    def close(self) -> None:
        self._sock.close()
        os.close(self._bell)
