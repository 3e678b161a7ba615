"""``python -m zaffre.launch.guardian MARK [ENGINE]``: what ``launch.guard`` starts.

Each line that it reads is the handle of the workload. When the pipe ends, the starter has: the workload is asked to end
and then made to; what it started as workloads of their own goes on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from zaffre.core.errors import AzureMLException
from zaffre.docker.engine import Engine
from zaffre.launch.backend import Backend
from zaffre.launch.docker import DockerBackend
from zaffre.launch.process import ProcessBackend
from zaffre.launch.workload import Handle

GRACE_SECONDS: Final = 5.0


def guard(mark: str, engine: str, told: Iterable[str]) -> None:
    handle = Handle("the program of a starter that is gone", 0, "", mark)
    for line in told:
        handle = Handle.from_plain(json.loads(line))
    with suppress(AzureMLException):  # an engine that is away: the next runner removes what it left
        backend: Backend = DockerBackend(Engine.connect(engine)) if engine else ProcessBackend()
        backend.stop(handle, GRACE_SECONDS, nested=False)


if __name__ == "__main__":
    guard(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "", sys.stdin)
