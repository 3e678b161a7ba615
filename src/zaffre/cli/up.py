"""``zaffre up``."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Annotated

from cyclopts import Parameter, validators

from zaffre.cli.output import standard_error
from zaffre.cli.progress import waiting
from zaffre.cli.results import Done
from zaffre.cli.session import QUIET, Printing
from zaffre.core import contract
from zaffre.core.errors import ServerUnavailable, StateConflict
from zaffre.core.wire import TicketCreate, TicketCreated
from zaffre.sdk.client import Client
from zaffre.sdk.discovery import (
    START_SECONDS,
    ServerInfo,
    check_server_extra,
    find_server,
    home,
    make_home,
    read_token,
    start_server,
)

Port = Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535))]


def sign_in_link(info: ServerInfo) -> str:
    """A link that signs a browser in, once, within a minute."""
    client = Client(info.url, read_token(home()))
    return client.post("/api/v1/tickets", TicketCreated, TicketCreate()).url


def up(
    *,
    port: Port | None = None,
    database: str | None = None,
    foreground: bool = False,
    printing: Printing = QUIET,  # noqa: ARG001
) -> Done:
    """Start the workspace server of this machine, and print where it is.

    It runs in the background until ``zaffre down``. Everything it keeps is below ZAFFRE_HOME (~/.zaffre): servers with
    different homes and ports live side by side.

    Parameters
    ----------
    port
        The port on 127.0.0.1, 0 for a free one; by default 5577, or a free one if that is taken.
    database
        Where to keep the workspaces: the address of a PostgreSQL database, postgresql://user@host/name, or "sqlite" for
        a file below ZAFFRE_HOME; by default ZAFFRE_DATABASE, or what was used last, or SQLite. Better put an address
        that has a password in ZAFFRE_DATABASE.
    foreground
        Stay in this terminal and stop with Ctrl-C.
    """
    at = home()
    info = find_server(at)
    if info is not None and (foreground or database or port not in (None, 0, info.port)):
        raise StateConflict(f"The server of {at} already runs on {info.url}: stop it first with `zaffre down`.")
    if foreground:
        return _stay(port, database)
    verb = "runs already" if info else "runs"
    if info is None:
        with waiting("Starting the server"):
            info = start_server(at, port=port, database=database)
    link = sign_in_link(info)
    return Done(
        f"Zaffre {verb} on {info.url} and keeps its data in {at}.\n"
        f"Open in a browser (valid once, for a minute): {link}",
        {"url": info.url, "home": str(at), "pid": info.pid, "version": info.version, "sign_in": link},
    )


def _stay(port: int | None, database: str | None) -> Done:
    """Run the server as a child until it ends or Ctrl-C stops it; its log goes to this terminal."""
    at = home()
    check_server_extra(at)
    make_home(at)
    chosen = str(contract.DEFAULT_PORT if port is None else port)
    env = os.environ if database is None else {**os.environ, contract.ZAFFRE_DATABASE: database}
    child = subprocess.Popen([sys.executable, "-m", "zaffre.server", "--port", chosen, "--home", str(at)], env=env)
    try:
        standard_error().print(f"Open in a browser (valid once, for a minute): {_link_when_ready(child)}", markup=False)
        child.wait()
    except KeyboardInterrupt:
        child.terminate()
        child.wait()
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()
    return Done(f"The server of {at} has stopped.", {"home": str(at)})


def _link_when_ready(child: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise ServerUnavailable(f"The Zaffre server ended with exit code {child.returncode} while starting.")
        info = find_server(home())
        if info is not None and info.pid == child.pid:
            return sign_in_link(info)
        time.sleep(0.05)
    raise ServerUnavailable(f"The Zaffre server did not answer within {START_SECONDS:.0f} seconds.")
