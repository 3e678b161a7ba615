"""One server process, announced in ``ZAFFRE_HOME/server.json`` while it is ready."""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import socket
import sys
from pathlib import Path

import uvicorn

from zaffre import __version__
from zaffre.core import contract
from zaffre.core.errors import AzureMLException, PortTaken
from zaffre.server.api.parts import Parts
from zaffre.server.app import create_app, reconciler
from zaffre.server.connection import Connection
from zaffre.server.homelock import HomeLock
from zaffre.server.reconcile import Reconciler
from zaffre.server.settings import Settings
from zaffre.server.store.postgresql import without_password

GRACE_SECONDS = 5  # how long open requests may go on after SIGTERM
BACKLOG = 2048
# Long, as proxies have it: a client that writes the moment its idle connection is closed sees a reset, and no client
# may repeat a POST by itself. So a training loop that logs once a minute keeps its connection.
KEEP_ALIVE_SECONDS = 75
# How long one thread may keep the others waiting. Python's own 5 ms are longer than most requests take, and each commit
# changes threads twice.
SWITCH_SECONDS = 0.0005


class AnnouncedServer(uvicorn.Server):
    """uvicorn, with ``server.json`` there exactly while it answers."""

    def __init__(self, config: uvicorn.Config, parts: Parts, port: int) -> None:
        super().__init__(config)
        self._parts = parts
        self._settings = parts.settings
        self._reconciler: Reconciler | None = None
        self._port = port

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            # What start-up made stays: collections need not look at it again.
            gc.collect()
            gc.freeze()
            gc.enable()  # ``__main__`` switched it off for the start
            self._reconciler = reconciler(self._parts, announce(self._settings, self._port))
            self._reconciler.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._reconciler is not None:
            self._reconciler.stop()
        self._parts.streams.close()  # else every page that follows something would be waited for
        self._settings.server_file.unlink(missing_ok=True)
        await super().shutdown(sockets)


def announce(settings: Settings, port: int) -> str:
    """Write ``server.json`` whole or not at all, and answer the URL in it."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    reachable = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104
    url = f"http://{reachable}:{port}"
    known = {
        "url": url,
        "pid": os.getpid(),
        "port": port,
        "version": __version__,
        "home": str(settings.home),
    }
    temporary = settings.server_file.with_suffix(".json.new")
    temporary.write_text(json.dumps(known))
    temporary.replace(settings.server_file)
    return url


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; ``PortTaken`` when another program has the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise PortTaken(
            f"Port {port} of {host} cannot be used: {error.strerror}. Choose another with --port, or 0 for a free one.",
            port=port,
        ) from error
    return bound


def parse(arguments: list[str]) -> Settings:
    default_home = os.environ.get(contract.ZAFFRE_HOME) or str(Path.home() / ".zaffre")
    default_port = os.environ.get(contract.ZAFFRE_PORT) or str(contract.DEFAULT_PORT)
    parser = argparse.ArgumentParser(prog="python -m zaffre.server", description="The Zaffre workspace server.")
    parser.add_argument("--home", type=Path, default=Path(default_home), help="the folder that keeps everything")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=int(default_port), help="the port; 0 for a free one")
    parser.add_argument(
        "--database",
        default=os.environ.get(contract.ZAFFRE_DATABASE),
        help="postgresql://user@host/name, or sqlite for a file in the home; default: the one that was used last",
    )
    parser.add_argument("--team", action="store_true", help="make no workspace or compute on first use")
    parser.add_argument("--allow-host", action="append", default=[], help="a host name requests may be addressed to")
    parser.add_argument(
        "--allow-private-webhooks", action="store_true", help="webhooks may reach private addresses, and by plain http"
    )
    given = parser.parse_args(arguments)
    home = given.home.expanduser().absolute()
    return Settings(
        home=home,
        database_address=database_of(home, given.database),
        host=given.host,
        port=given.port,
        team=given.team,
        allowed_hosts=tuple(given.allow_host),
        private_webhooks=given.allow_private_webhooks,
    )


def database_of(home: Path, named: str | None) -> str:
    """The address of the database that is ``named``, else of the one that ``home`` remembers; empty: SQLite."""
    if named:
        return "" if named == "sqlite" else named
    try:
        return (home / contract.DATABASE_FILE).read_text().strip()
    except (FileNotFoundError, NotADirectoryError):  # a home that is no folder is refused by its own sentence
        return ""


def remember_database(settings: Settings) -> None:
    """Keep the address for a later start that names none; a password is not kept."""
    if not settings.database_address:
        settings.database_file.unlink(missing_ok=True)
        return
    temporary = settings.database_file.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(without_password(settings.database_address) + "\n")
    temporary.replace(settings.database_file)


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises ``StateConflict`` or ``PortTaken`` when it cannot begin."""
    lock = HomeLock(settings.home)
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        with listen(settings.host, settings.port) as bound:
            port = bound.getsockname()[1]
            app = create_app(settings)
            remember_database(settings)
            config = uvicorn.Config(
                app,
                loop="auto",  # uvloop, where there is one
                http=Connection,
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
            AnnouncedServer(config, app.state.parts, port).run([bound])
    finally:
        lock.release()


def main(arguments: list[str]) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    try:
        settings = parse(arguments)
        os.environ.pop(contract.ZAFFRE_DATABASE, None)  # nothing that this server starts is to know the password
        run(settings)
    except AzureMLException as error:
        print(error.message, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
