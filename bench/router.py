"""What an endpoint's router adds to a request: the same version, asked directly and through it, by turns.

One connection, so that a request's time is seen and not the queue before it.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figure import Figure
from bench.scoring_load import Load, load, median, ours, prepare, served
from tests.serving.peer_server import python
from zaffre.routing import table
from zaffre.routing.table import Replica, Table

ROUNDS = 12


def figures(folder: Path) -> list[Figure]:
    interpreter = python("scikit-learn", "uvicorn", "uvloop", "msgspec")
    prepare(folder, interpreter)
    version = ours(interpreter, folder)
    direct: list[Load] = []
    routed: list[Load] = []
    with served(version) as (port, _), _router(folder, port) as front:
        for _ in range(ROUNDS):
            direct.append(load(port, version, 1, 1))
            routed.append(load(front, version, 1, 1))
    added = [two.p50_ms - one.p50_ms for one, two in zip(direct, routed, strict=True)]
    note = f"{median(direct, 'p50_ms'):.3f} ms direct, {median(routed, 'p50_ms'):.3f} ms through the router"
    return [Figure("what the router adds to a request, p50", added, "ms", target=0.5, note=note)]


@contextmanager
def _router(folder: Path, port: int) -> Iterator[int]:
    """The port of a router before a version."""
    table.write(folder, Table("bench", [Replica("only", port, "", 100)], ["only"]))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        fd = listener.fileno()
        command = [sys.executable, "-m", "zaffre.routing", str(folder), str(fd)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[fd]):
            yield int(listener.getsockname()[1])
