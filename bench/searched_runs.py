"""Many finished runs to search among, the same for our server and MLflow's, written to their databases directly."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from zaffre.server.store import experiments, metrics, run_sets, runs
from zaffre.server.store.engine import Store
from zaffre.server.store.metrics import Logged
from zaffre.server.store.packing import columns
from zaffre.server.store.schema import params, run_tags

# More than a page of 100 in 10,000 runs meet it, so that a search among ten times as many answers no longer a page.
FILTER = "metrics.acc > 0.1 and params.depth = '3' and tags.team = 't1'"
_STARTED = 1_700_000_000_000
_AT_ONCE = 5_000


@dataclass(frozen=True)
class Made:
    """One finished run."""

    id: str
    start: int
    metrics: dict[str, float]
    params: dict[str, str]
    tags: dict[str, str]


def made(number: int, seed: int) -> Iterator[Made]:
    chance = random.Random(seed)  # noqa: S311 - data, no secret
    for i in range(number):
        yield Made(
            id=f"{seed:08x}{i:024x}",
            start=_STARTED + i,
            metrics={name: chance.random() for name in ("loss", "acc", "auc")},
            params={"lr": str(10.0 ** -(i % 5)), "depth": str(i % 12)},
            tags={"team": f"t{i % 7}"},
        )


def fill_ours(database: Path, experiment_id: int, found: list[Made]) -> None:
    """Add runs to a workspace database that no server has open."""

    def add(connection: Connection, some: list[Made]) -> None:
        for run in some:
            place = experiments.next_run(connection, "default", experiment_id)
            values = {"id": run.id, "status": "Completed", "created_at": run.start}
            pk = runs.add(connection, place, {**values, "start_time": run.start, "end_time": run.start + 1}, None)
            run_sets.put(connection, params, experiment_id, pk, run.params, {})
            run_sets.put(connection, run_tags, experiment_id, pk, run.tags, {})
            points = {name: columns(name, [0], [run.start], [value]) for name, value in run.metrics.items()}
            metrics.append(connection, pk, [Logged(name, point, False) for name, point in points.items()])

    with Store.open(database) as store:
        for at in range(0, len(found), _AT_ONCE):
            some = found[at : at + _AT_ONCE]
            store.write(lambda connection, some=some: add(connection, some))  # type: ignore[misc]


def fill_mlflow(database: Path, experiment_id: int, found: list[Made]) -> None:
    """Add runs to the database of MLflow's server."""
    with sqlite3.connect(database, timeout=60) as connection:
        connection.executemany(
            "INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage, "
            "artifact_uri, experiment_id) VALUES (?, ?, 'UNKNOWN', '', 'FINISHED', ?, ?, 'active', ?, ?)",
            [(run.id, run.id, run.start, run.start + 1, f"mlflow-artifacts:/{run.id}", experiment_id) for run in found],
        )
        points = [(key, value, run.start, run.id) for run in found for key, value in run.metrics.items()]
        for table in ("metrics", "latest_metrics"):
            connection.executemany(
                f"INSERT INTO {table} (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, 0, 0)",  # noqa: S608
                points,
            )
        for table in ("params", "tags"):
            given = [(key, value, run.id) for run in found for key, value in getattr(run, table).items()]
            connection.executemany(f"INSERT INTO {table} (key, value, run_uuid) VALUES (?, ?, ?)", given)  # noqa: S608
    connection.close()
