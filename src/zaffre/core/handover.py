"""How connections go from one serving process to the next: by descriptor, so that no caller sees a close.

Whoever supervises both holds a line to each, a Unix stream socket: its standard input, or the one of ``--listen-from``.
A word on it is one byte with one descriptor. Its end means that the supervisor is gone. Standard library only.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import Final

GIVE: Final = b"G"  # end; every connection goes to this socket, as soon as nothing of it is under way
TAKE: Final = b"T"  # connections come from this socket, until it ends
SECONDS: Final = 600.0  # how long the old process may take for the answers that are under way


def join(old: socket.socket, new: socket.socket) -> None:
    """Tell the processes at the other ends of two lines that ``new`` takes the place of ``old``. Raises OSError where
    one of them is gone."""
    gives, takes = socket.socketpair()
    with gives, takes:
        socket.send_fds(new, [TAKE], [takes.fileno()])
        socket.send_fds(old, [GIVE], [gives.fileno()])


class Line:
    """The serving process's end of the line. It may be a pipe, or whatever else a standard input is, which has an end
    and no words."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._sock: socket.socket | None = None
        try:
            self._sock = socket.socket(fileno=fd)
        except OSError as error:
            if error.errno != errno.ENOTSOCK:
                raise

    def hear(self) -> tuple[bytes, socket.socket | None]:
        """The next byte, and what came with it; no byte when whoever holds the other end is gone."""
        if self._sock is None:
            return os.read(self.fd, 1), None
        try:
            word, fds, _, _ = socket.recv_fds(self._sock, 1, 1)
        except OSError:
            return b"", None
        return word, socket.socket(fileno=fds[0]) if fds else None

    def abandon(self) -> None:
        """Hold the line no more; its descriptor stays taken, by nothing."""
        if self._sock is not None:
            self._sock.detach()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, self.fd)
        os.close(nothing)


def give(heir: socket.socket, connection: socket.socket) -> bool:
    """Whether the heir will have a connection; False when it takes none now. Raises OSError when it is gone."""
    try:
        socket.send_fds(heir, [b"."], [connection.fileno()])
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno != errno.ETOOMANYREFS:  # too many are on their way
            raise
        return False
    return True


def take(donor: socket.socket) -> socket.socket | None:
    """The next connection; None when there is none any more. Raises BlockingIOError when there is none now."""
    try:
        _, fds, _, _ = socket.recv_fds(donor, 1, 1)
    except BlockingIOError:
        raise
    except OSError:
        return None
    return socket.socket(fileno=fds[0]) if fds else None
