"""The sockets to serve on: bound at once, so that a port that is taken is told early; they listen after ``init()``."""

from __future__ import annotations

import socket
from pathlib import Path

from zaffre.core.errors import PortTaken
from zaffre.core.handover import Line
from zaffre.serving.settings import Settings


def listeners(settings: Settings) -> tuple[list[socket.socket], Line | None]:
    """The sockets, and the line to their owner. Raises ``PortTaken``."""
    owner = Line(0) if settings.watch_stdin else None
    if settings.listen_from is not None:
        sock, owner = _handed_over(settings.listen_from)
        found = [sock]
    elif settings.listen_fd is not None:
        found = [socket.socket(fileno=settings.listen_fd)]
    else:
        found = [bind(settings.host, settings.port)]
    if settings.health_port is not None:
        found.append(bind(settings.host, settings.health_port))
    return found, owner


def bind(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen: a caller before init() is refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise PortTaken(f"Port {port} of {host} cannot be used: {error.strerror}.", port=port) from error
    return sock


def _handed_over(place: Path) -> tuple[socket.socket, Line]:
    """A socket that its owner gives us in a container, which inherits nothing, and the line to that owner."""
    owner = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    reason = ""
    handed: list[int] = []
    try:
        owner.connect(str(place))
        _, handed, _, _ = socket.recv_fds(owner, 1, 1)
    except OSError as error:
        reason = f" ({error.strerror})"
    if not handed:
        owner.close()
        raise PortTaken(f"No socket to serve on was handed over at {place}{reason}.")
    return socket.socket(fileno=handed[0]), Line(owner.detach())
