"""Whose connections this process gets, and who gets its own: see ``core.handover``."""

from __future__ import annotations

import contextlib
import socket

from zaffre.core import handover
from zaffre.core.handover import Line


class Succession:
    """``heir`` is who gets our connections when we stop; ``donors`` those whose connections we get, by descriptor."""

    def __init__(self) -> None:
        self.heir: socket.socket | None = None
        self.donors: dict[int, socket.socket] = {}

    def hear(self, owner: Line) -> tuple[bytes, int | None]:
        """What the owner said, no byte when it is gone; the descriptor of a donor that it named."""
        word, sock = owner.hear()
        if sock is None:
            return word, None
        sock.setblocking(False)
        if word == handover.TAKE:
            self.donors[sock.fileno()] = sock
            return word, sock.fileno()
        if word == handover.GIVE and self.heir is None:
            self.heir = sock
        else:
            sock.close()
        return word, None

    def receive(self, donor: int) -> socket.socket | None:
        """The next connection of a donor that has something to say; None where no more will come."""
        return handover.take(self.donors[donor])

    def forget(self, donor: int) -> None:
        self.donors.pop(donor).close()

    def bequeath(self, sock: socket.socket) -> bool:
        """Give a connection to the heir, and hold it no more; False when it must be tried again. Where the heir is
        gone too, the connection ends."""
        assert self.heir is not None
        with contextlib.suppress(OSError):
            if not handover.give(self.heir, sock):
                return False
        sock.close()
        return True

    def abandon(self) -> None:
        """In a fork: hold nothing of it."""
        for sock in self.donors.values():
            sock.close()
