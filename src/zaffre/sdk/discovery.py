"""Where the server is: named by the environment, recorded in ZAFFRE_HOME, or started here.

Order of ``connect``: ZAFFRE_URL with ZAFFRE_TOKEN; inside a run the server that started it; the server that
``ZAFFRE_HOME/server.json`` names, with the token of ``ZAFFRE_HOME/token``; a new server process on this machine.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from zaffre.core import contract
from zaffre.core.errors import AuthenticationException, AzureMLException, InvalidValue, ServerUnavailable
from zaffre.core.filelock import exclusive
from zaffre.core.tokenfile import read_token_file
from zaffre.launch import processes
from zaffre.sdk.client import Client
from zaffre.sdk.transport import Retries

START_SECONDS: Final = 60.0
_SERVER_MODULES: Final = ("fastapi", "uvicorn", "sqlalchemy", "alembic")


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a running server wrote into ``server.json``."""

    url: str
    pid: int
    port: int
    version: str
    home: str


def home() -> Path:
    """The folder where Zaffre keeps everything outside a project: ZAFFRE_HOME, else ``~/.zaffre``."""
    named = os.environ.get(contract.ZAFFRE_HOME)
    return Path(named).expanduser().absolute() if named else Path.home() / ".zaffre"


def in_run() -> bool:
    """Whether this process executes a submitted run: every variable that says so is set."""
    return all(os.environ.get(name) for name in contract.ONLINE_VARIABLES)


def find_server(at: Path | None = None) -> ServerInfo | None:
    """The server that ``server.json`` of ``at`` (default: ``home()``) names, if it answers; else None."""
    info = _recorded(at or home())
    return info if info is not None and is_alive(info.pid) and _is_healthy(info.url) else None


def connect(start: bool = True) -> Client:
    """A client of the server to use; where none runs on this machine it is started, unless ``start`` is False.

    Raises ``AuthenticationException`` when there is a URL but no token for it, ``ServerUnavailable`` when no server
    runs and none may or can be started.
    """
    url = os.environ.get(contract.ZAFFRE_URL)
    if url:
        return _named_by_environment(url)
    endpoint, run_token = os.environ.get(contract.SERVICE_ENDPOINT), os.environ.get(contract.RUN_TOKEN)
    if endpoint and run_token:
        return Client(endpoint, run_token)
    at = home()
    info = find_server(at)
    if info is None:
        if not start:
            raise ServerUnavailable(
                f"No Zaffre server runs for {at}: start one with `zaffre up`, or set {contract.ZAFFRE_URL} and "
                f"{contract.ZAFFRE_TOKEN} to use one elsewhere."
            )
        info = start_server(at)
    return Client(info.url, read_token(at))


def read_token(at: Path) -> str:
    """The token that the server of ``at`` made on its first start."""
    file = at / contract.TOKEN_FILE
    token = read_token_file(file)
    if not token:
        raise AuthenticationException(
            f"The token of the local server is not in {file} any more: start the server anew (`zaffre down`, "
            f"`zaffre up`), which makes another, or set {contract.ZAFFRE_TOKEN}."
        )
    return token


def make_home(at: Path) -> None:
    """Make the folder ``at``; raises ``ServerUnavailable`` where a server could not keep its data in it."""
    why = ""
    try:
        at.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        why = error.strerror or str(error)
    if not why and not os.access(at, os.W_OK | os.X_OK):
        why = "it may not be written to"
    if why:
        raise ServerUnavailable(
            f"No Zaffre server can be started for {at} ({why}): set {contract.ZAFFRE_HOME} to a folder of yours, or "
            f"{contract.ZAFFRE_URL} and {contract.ZAFFRE_TOKEN} to use a server elsewhere."
        )


def check_server_extra(at: Path) -> None:
    """Raise ``ServerUnavailable``, which says what to install, where this Python lacks the server's packages."""
    missing = [name for name in _SERVER_MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise ServerUnavailable(
            f"No Zaffre server runs for {at}, and this Python cannot start one ({', '.join(missing)} missing): "
            f'run `pip install "zaffre[server]"`, or set {contract.ZAFFRE_URL} and {contract.ZAFFRE_TOKEN} to use a '
            "server elsewhere."
        )


def start_server(at: Path, *, port: int | None = None, database: str | None = None) -> ServerInfo:
    """Start ``python -m zaffre.server`` for ``at`` in the background and wait until it answers.

    A server that is already there is returned; two processes that start at once get the same one. ``port`` defaults
    to ZAFFRE_PORT, else 5577 if that is free, else any free port; ``database`` to ZAFFRE_DATABASE, else the one that
    ``at`` used last.
    """
    check_server_extra(at)
    make_home(at)
    with exclusive(at / "start.lock"):
        return find_server(at) or _launch(at, _choose_port() if port is None else port, database)


def _named_by_environment(url: str) -> Client:
    parts = urlsplit(url)
    bare = urlunsplit((parts.scheme, parts.netloc.rsplit("@", 1)[-1], parts.path, "", ""))
    token = os.environ.get(contract.ZAFFRE_TOKEN) or parts.password
    if not token:
        # The local token is sent only to the server that made it, never to whatever URL the environment names.
        info = _recorded(home())
        if info is not None and info.url.rstrip("/") == bare.rstrip("/"):
            token = read_token(home())
    if not token:
        raise AuthenticationException(
            f"{contract.ZAFFRE_URL} names the server {bare}, but there is no token for it: set {contract.ZAFFRE_TOKEN}."
        )
    return Client(bare, token)


def _recorded(at: Path) -> ServerInfo | None:
    try:
        held = json.loads((at / contract.SERVER_FILE).read_text("utf-8"))
        return ServerInfo(
            url=str(held["url"]),
            pid=int(held["pid"]),
            port=int(held["port"]),
            version=str(held["version"]),
            home=str(held["home"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_alive(pid: int) -> bool:
    """Whether that process goes on and is a server of this user's.

    After a server was killed, its port may be another program's, which must not be sent the token.
    """
    if sys.platform == "win32":
        return True  # asking with a signal would end the process there
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError):
        return False
    process = processes.find(pid)
    if process is None or not process.is_alive:  # it ended, and nobody has asked for its exit code yet
        return False
    try:
        return b"zaffre" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True  # no /proc here


def _is_healthy(url: str) -> bool:
    client = Client(url, "", retries=Retries(seconds=0), timeout=5.0)
    try:
        return client.read("/health").strip() == b"OK"
    except AzureMLException:
        return False
    finally:
        client.transport.close()


def _choose_port() -> int:
    named = os.environ.get(contract.ZAFFRE_PORT)
    if named:
        if not (named.isdecimal() and int(named) <= 65535):
            raise InvalidValue(f"{contract.ZAFFRE_PORT} is {named!r}: set it to a port, 0 to 65535, or leave it out.")
        return int(named)
    for port in (contract.DEFAULT_PORT, 0):
        with socket.socket() as probe:
            if sys.platform != "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServerUnavailable("No port on 127.0.0.1 is free for the Zaffre server.")


def _launch(at: Path, port: int, database: str | None) -> ServerInfo:
    log = at / "server.log"
    # What belongs to one run or names another server must not leak into the server that everyone here shares.
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AZUREML_", "MLFLOW_")) and k not in _NOT_PASSED}
    kept[contract.ZAFFRE_HOME] = str(at)
    if database is not None:
        kept[contract.ZAFFRE_DATABASE] = database  # not as an argument, which every user of the machine can see
    with log.open("ab") as output:
        begin = output.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "zaffre.server", "--port", str(port), "--home", str(at)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=kept,
            cwd=at,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        info = _recorded(at)
        if info is not None and info.pid == process.pid and _is_healthy(info.url):
            process.returncode = 0  # it outlives this process by intent: no ResourceWarning for leaving it
            return info
        if process.poll() is not None:
            raise ServerUnavailable(
                f"The Zaffre server ended with exit code {process.returncode} while starting. The end of {log}:\n"
                f"{_tail(log, begin)}"
            )
        time.sleep(0.05)
    process.kill()
    process.wait()
    raise ServerUnavailable(
        f"The Zaffre server did not answer within {START_SECONDS:.0f} seconds. The end of {log}:\n{_tail(log, begin)}"
    )


_NOT_PASSED: Final = (contract.ZAFFRE_URL, contract.ZAFFRE_TOKEN, contract.ZAFFRE_WORKSPACE)


def _tail(log: Path, begin: int) -> str:
    with log.open("rb") as file:
        file.seek(begin)
        return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-20:])
