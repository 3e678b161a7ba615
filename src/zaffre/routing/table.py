"""What a router knows: the versions that are ready, their shares, and where copies go. A file, always whole."""

from __future__ import annotations

import hashlib
import json
import random
from bisect import bisect_right
from dataclasses import asdict, dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Final

FILE: Final = "table.json"
SHADOW: Final = "shadow.json"  # the router's own file beside it: what became of the copies


@dataclass(frozen=True, slots=True)
class Replica:
    """A version that answers."""

    name: str
    port: int  # of the loopback interface
    prefix: str  # of its routes
    share: int  # percent


@dataclass(frozen=True, slots=True)
class Table:
    endpoint: str
    replicas: list[Replica] = field(default_factory=list)  # those that are ready, in the order of their making
    names: list[str] = field(default_factory=list)  # of all versions
    mirror: str = ""  # the version that gets copies
    mirror_percent: int = 0


def write(folder: Path, table: Table) -> None:
    partial = folder / f"{FILE}.partial"
    partial.write_text(json.dumps(asdict(table)), "utf-8")
    partial.replace(folder / FILE)


def read(folder: Path) -> Table:
    held = json.loads((folder / FILE).read_bytes())
    return Table(**{**held, "replicas": [Replica(**one) for one in held["replicas"]]})


class Choice:
    """Which version answers: each gets its share, those that are not ready are made up for by the others in proportion.
    Where nobody who is ready has a share, the first of them gets all."""

    def __init__(self, table: Table) -> None:
        self._replicas = table.replicas
        self._by_name = {replica.name: replica for replica in table.replicas}
        shares = [replica.share for replica in table.replicas]
        if not any(shares):
            shares = [1, *(0 for _ in shares[1:])]
        self._bounds = list(accumulate(shares))

    def named(self, name: str) -> Replica | None:
        """The version of that name, if it is ready, whatever its share is."""
        return self._by_name.get(name)

    def pick(self, session: bytes) -> Replica | None:
        """A version; the same one for the same ``session``, as long as the shares stay. None: nobody is ready."""
        if not self._replicas:
            return None
        if len(self._replicas) == 1:
            return self._replicas[0]
        at = place(session) if session else random.random()  # noqa: S311  # it decides over no secret
        return self._replicas[bisect_right(self._bounds, at * self._bounds[-1])]

    def other(self, replica: Replica) -> Replica | None:
        """The version with the largest share of those that are ready, but this one."""
        others = [one for one in self._replicas if one.name != replica.name]
        return max(others, key=lambda one: one.share, default=None)


def place(session: bytes) -> float:
    """Where a session stands between 0 and 1: the first 8 bytes of the SHA-256 of its name as a number, over 2^64."""
    return (int.from_bytes(hashlib.sha256(session).digest()[:8], "big") >> 11) / 2**53
