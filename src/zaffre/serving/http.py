"""The HTTP server of the service: uvicorn on a thread of its own, on a socket that is bound before ``init()`` runs."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import uvicorn

from zaffre.core.errors import PortTaken

if sys.platform == "win32":
    from asyncio import new_event_loop
else:
    from uvloop import new_event_loop

BACKLOG = 2048
KEEP_ALIVE_SECONDS = 75
DRAIN_SECONDS = 30  # how long running requests may take when the service stops
SETTLE_SECONDS = 0.25  # how long a caller who was accepted at the last moment has to send the request


def bind(host: str, port: int, listen_fd: int | None = None) -> socket.socket:
    """The socket to serve on; raises ``PortTaken``. It does not listen yet: a caller before init() is refused."""
    if listen_fd is not None:
        return socket.socket(fileno=listen_fd)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise PortTaken(f"Port {port} of {host} cannot be used: {error.strerror}.", port=port) from error
    return sock


class DrainingServer(uvicorn.Server):
    """uvicorn, which would close a connection whose first request is still on its way, without that loss."""

    def __init__(self, config: uvicorn.Config, draining: Callable[[], None]) -> None:
        super().__init__(config)
        self._draining = draining

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        self._draining()
        await asyncio.sleep(SETTLE_SECONDS)
        await super().shutdown(sockets)


class HttpServer:
    """``start`` returns when the socket listens.

    ``stop`` accepts nobody any more and calls ``draining``, finishes what runs, then calls ``ended``.
    """

    def __init__(self, app: Any, sock: socket.socket, draining: Callable[[], None], ended: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        self._server = DrainingServer(config, draining)
        self._sock = sock
        self._ended = ended
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    def start(self) -> bool:
        """True once callers are accepted; False when the server ended instead (its log tells why)."""
        self._thread.start()
        while self._thread.is_alive() and not self._listening.wait(0.001):
            if self._server.started:
                self._listening.set()
        return self._listening.is_set()

    def stop(self) -> None:
        """May be called from any thread or a signal handler, and more than once."""
        self._server.should_exit = True

    def join(self) -> None:
        self._thread.join()

    def _serve(self) -> None:
        loop = new_event_loop()
        try:
            asyncio.set_event_loop(loop)
            loop.run_until_complete(self._server.serve(sockets=[self._sock]))
        finally:
            self._ended()
            loop.close()
