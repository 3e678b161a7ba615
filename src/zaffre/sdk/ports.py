"""A port of this machine for a service: taken at once, or an error that says by whom it is held."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from zaffre.core.errors import PortTaken

LOOPBACK = "127.0.0.1"
_LISTEN = "0A"


def bind(port: int | None) -> socket.socket:
    """A socket bound to ``port`` of the loopback interface (None: a free one), not listening yet.

    Raises ``PortTaken`` that names the port and, where it can be told, the process that holds it.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((LOOPBACK, port or 0))
    except OSError as error:
        sock.close()
        raise _taken(port or 0, error) from error
    return sock


def check_free(port: int) -> None:
    """Raise ``PortTaken`` unless a service could be started on ``port`` now."""
    with bind(port) as sock:
        # Two sockets may be bound to one port, but only one may listen.
        try:
            sock.listen(1)
        except OSError as error:
            raise _taken(port, error) from error


def _taken(port: int, error: OSError) -> PortTaken:
    if isinstance(error, PermissionError):
        return PortTaken(f"Port {port} may not be used by this account: choose one above 1023.", port=port)
    pid, command = holder(port) or (None, "")
    by = f" by process {pid} ({command})" if pid else ""
    return PortTaken(
        f"Port {port} of this machine is taken{by}: stop what uses it, or choose another port with "
        "LocalWebservice.deploy_configuration(port=...).",
        port=port,
        pid=pid,
    )


def holder(port: int) -> tuple[int, str] | None:
    """The process that listens on ``port`` and the start of its command line; None where the system hides it."""
    inodes = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not inodes:
        return None
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and _holds(entry, inodes):
            return int(entry.name), _command(entry)
    return None


def _listening_inodes(port: int) -> list[str]:
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                found.append(fields[9])
    return found


def _holds(process: Path, inodes: set[str]) -> bool:
    try:
        return any(_link(fd) in inodes for fd in (process / "fd").iterdir())
    except OSError:
        return False  # ended meanwhile, or another account's


def _link(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _command(process: Path) -> str:
    try:
        words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return "?"
    return words if len(words) <= 80 else f"{words[:77]}..."
