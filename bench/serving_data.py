"""A service that keeps every input and prediction beside the same that keeps none, in the same minutes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.figure import Figure
from bench.scoring_load import Contender, by_turns, median, ours, prepare
from tests.serving.peer_server import python
from zaffre.core import collection

ROUNDS = 20
CONNECTIONS = 8


def figures(folder: Path) -> list[Figure]:
    interpreter = python("scikit-learn", "uvicorn", "uvloop", "msgspec")
    prepare(folder, interpreter)
    found = by_turns(
        {
            "plain": ours(interpreter, folder),
            "collecting": _collecting(ours(interpreter, folder, "collecting_score.py")),
        },
        CONNECTIONS,
        ROUNDS,
    )
    kept = sum(
        place.rows
        for file in (folder / collection.FOLDER).rglob(f"*{collection.SUFFIX}")
        if (place := collection.place_of(file.relative_to(folder).as_posix())) is not None
    )
    sent = 2 * sum(one.per_second for one in found["collecting"])  # without those of the first calls
    rate = f"{median(found['collecting'], 'per_second'):,.0f} requests/s"
    return [
        Figure(
            f"one request of 784 numbers with data collection, {CONNECTIONS} connections",
            [one.micros for one in found["collecting"]],
            "us",
            peer_name="the same without",
            peer=median(found["plain"], "micros"),
            times=0.98,
            note=f"{rate}; {kept:,} rows kept, {sent:,.0f} sent in the rounds",
        )
    ]


def _collecting(one: Contender) -> Contender:
    return replace(one, command=("/usr/bin/env", f"{collection.ENABLED}=true", *one.command))
