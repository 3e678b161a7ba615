"""Runs with metrics for tests of searches, and the order in which searches answer them."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, insert, update

from zaffre.core.filters import RUNS, parse_filter, parse_order_by
from zaffre.server.store import experiments, metrics, run_sets, schema
from zaffre.server.store.engine import Store
from zaffre.server.store.metrics import Logged
from zaffre.server.store.packing import columns
from zaffre.server.store.run_search import RunQuery, search

RUNS_MADE = 300
Metrics = Mapping[str, float | None]


def log(connection: Connection, run_pk: int, values: Metrics, step: int = 0) -> None:
    given = {name: value for name, value in values.items() if value is not None}
    metrics.append(
        connection, run_pk, [Logged(name, columns(name, [step], [1], [value]), False) for name, value in given.items()]
    )


def fill(
    store: Store, values: Mapping[int, Metrics], archived: frozenset[int] = frozenset(), *, name: str = "here"
) -> int:
    """Runs with these row numbers in a new experiment. All have the tag team = t1; each begins at its row number."""

    def write(connection: Connection) -> int:
        here = experiments.add(connection, "default", name, None, 1)
        add_runs(connection, here, values)
        connection.execute(update(schema.runs).where(schema.runs.c.pk.in_(archived)).values(archived_at=9))
        return here

    return store.write(write)


def add_runs(connection: Connection, experiment: int, values: Mapping[int, Metrics]) -> None:
    of = {"workspace_pk": 1, "experiment_id": experiment, "status": "Completed", "created_at": 1}
    rows = [{**of, "pk": pk, "number": pk, "id": f"{pk:032x}", "start_time": pk} for pk in values]
    connection.execute(insert(schema.runs), rows)
    for pk, logged in values.items():
        run_sets.put(connection, schema.run_tags, experiment, pk, {"team": "t1"}, {})
        log(connection, pk, logged)


def query_of(experiments: Sequence[int], asked: str, order: str) -> RunQuery:
    ordering = parse_order_by([order] if order else [], RUNS)
    return RunQuery(experiment_ids=experiments, filter=parse_filter(asked, RUNS), order=ordering)


def found(store: Store, experiment: int, asked: str, order: str, limit: int) -> list[int]:
    query = query_of([experiment], asked, order)
    return [int(run.id, 16) for run in store.read(lambda c: search(c, "default", query, limit=limit)).items]


def by_metric(values: Mapping[int, Metrics], name: str, *, descending: bool) -> list[int]:
    """Numbers, then NaN, then runs without the metric; among equals the newest first."""

    def rank(pk: int) -> tuple[int, float, int]:
        value = values[pk][name]
        if value is None or math.isnan(value):
            return (2 if value is None else 1, 0.0, -pk)
        return (0, -value if descending else value, -pk)

    return sorted(values, key=rank)


def some_values(seed: int) -> dict[int, Metrics]:
    chance = random.Random(seed)  # noqa: S311 - data, no secret
    odd = [None, math.nan, math.inf, -math.inf, -0.0]

    def value() -> float | None:
        return chance.choice(odd) if chance.random() < 0.2 else chance.randrange(20) / 10

    return {pk: {"acc": value(), "loss": value()} for pk in range(1, RUNS_MADE + 1)}
