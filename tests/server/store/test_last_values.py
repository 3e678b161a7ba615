"""Searches that know the latest values of metrics find what searches that look all of them up find."""

from __future__ import annotations

import math
import operator
import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, insert, update

from zaffre.core.filters import RUNS, parse_filter, parse_order_by
from zaffre.server.store import experiments, last_values, metrics, run_sets, schema
from zaffre.server.store.engine import Store
from zaffre.server.store.last_values import LastValues
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


def fill(store: Store, values: Mapping[int, Metrics], archived: frozenset[int] = frozenset()) -> int:
    """Runs 1, 2, ... of an experiment, which all have the tag team = t1; each begins a millisecond after the other."""

    def write(connection: Connection) -> int:
        here = experiments.add(connection, "default", "here", None, 1)
        of = {"workspace_pk": 1, "experiment_id": here, "status": "Completed", "created_at": 1}
        rows = [{**of, "pk": pk, "number": pk, "id": f"{pk:032x}", "start_time": pk} for pk in values]
        connection.execute(insert(schema.runs), rows)
        connection.execute(update(schema.runs).where(schema.runs.c.pk.in_(archived)).values(archived_at=9))
        for pk, logged in values.items():
            run_sets.put(connection, schema.run_tags, here, pk, {"team": "t1"}, {})
            log(connection, pk, logged)
        return here

    return store.write(write)


def found(store: Store, experiment: int, asked: str, order: str, limit: int) -> list[int]:
    query = RunQuery(experiment_ids=[experiment], filter=parse_filter(asked, RUNS), order=parse_order_by([order], RUNS))
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


@pytest.mark.parametrize("seed", range(3))
def test_the_first_page_is_the_same_whether_values_are_known_or_not(store: Store, seed: int) -> None:
    values = some_values(seed)
    archived = frozenset(range(7 + seed, RUNS_MADE, 9))
    experiment = fill(store, values, archived)
    shown = {pk: logged for pk, logged in values.items() if pk not in archived}
    compares: dict[str, Callable[[Any, Any], bool]] = {">": operator.gt, "<=": operator.le, "!=": operator.ne}

    for sign, compare in compares.items():
        meeting = {pk: m for pk, m in shown.items() if (acc := m["acc"]) is not None and compare(acc, 0.5)}
        for order, descending in (("metrics.loss", False), ("metrics.loss DESC", True)):
            expected = by_metric(meeting, "loss", descending=descending)
            for limit in (1, 10, 40, 100):
                asked = f"tags.team = 't1' and metrics.acc {sign} 0.5"
                assert found(store, experiment, asked, order, limit) == expected[:limit]


def test_a_value_that_changes_is_known_to_the_next_search(store: Store) -> None:
    experiment = fill(store, {pk: {"loss": float(pk)} for pk in range(1, RUNS_MADE + 1)})

    def best() -> list[int]:
        return found(store, experiment, "tags.team = 't1'", "metrics.loss", 2)

    assert best() == [1, 2]

    store.write(lambda connection: log(connection, 250, {"loss": -1.0}, step=1))
    assert best() == [250, 1]

    def undone(connection: Connection) -> None:
        log(connection, 100, {"loss": -2.0}, step=1)
        raise KeyError

    with pytest.raises(KeyError):
        store.write(undone)
    assert best() == [250, 1]

    store.write(lambda connection: log(connection, 250, {"loss": 500.0}, step=2))
    assert best() == [1, 2]


def test_what_a_reader_saw_before_a_commit_is_not_kept_after_it(store: Store) -> None:
    experiment = fill(store, {pk: {"loss": float(pk)} for pk in range(1, RUNS_MADE + 1)})
    query = RunQuery(
        experiment_ids=[experiment],
        filter=parse_filter("tags.team = 't1'", RUNS),
        order=parse_order_by(["metrics.loss"], RUNS),
    )

    def late(connection: Connection) -> list[str]:
        connection.execute(schema.workspaces.select()).all()  # from here on it sees this state, and no later one
        writing = threading.Thread(target=store.write, args=(lambda c: log(c, 250, {"loss": -1.0}, step=1),))
        writing.start()
        writing.join()
        return [run.id for run in search(connection, "default", query, limit=1).items]

    assert store.read(late) == [f"{1:032x}"]
    assert found(store, experiment, "tags.team = 't1'", "metrics.loss", 1) == [250]


def test_values_of_runs_that_change_and_of_readers_that_began_before_are_not_kept() -> None:
    kept = LastValues()
    kept.changing(1, ["loss"])
    kept.keep("loss", {1: 0.5, 2: 0.25}, 0)
    assert kept.of("loss") == {2: 0.25}
    kept.settled()
    kept.keep("loss", {1: 0.5}, 0)
    assert kept.of("loss") == {2: 0.25}
    kept.keep("loss", {1: 0.75}, kept.epoch)
    assert kept.of("loss") == {1: 0.75, 2: 0.25}
    kept.changing(2, ["acc"])
    assert kept.of("loss") == {1: 0.75, 2: 0.25}


def test_the_values_of_metrics_asked_for_longest_ago_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_values, "MOST", 4)
    monkeypatch.setattr(last_values, "_CHANGES", 2)
    kept = LastValues()
    kept.keep("a", {1: 1.0, 2: 1.0}, 0)
    kept.keep("b", {1: 1.0, 2: 1.0}, 0)
    kept.of("a")
    kept.keep("c", {1: 1.0}, 0)
    assert (len(kept.of("a")), len(kept.of("b")), len(kept.of("c"))) == (2, 0, 1)

    for run in range(10, 14):
        kept.changing(run, ["a"])
        kept.settled()
    kept.keep("a", {3: 1.0}, 2)
    assert 3 not in kept.of("a")
    kept.keep("a", {3: 1.0}, kept.epoch)
    assert 3 in kept.of("a")


def test_only_those_runs_are_looked_at_that_can_be_on_the_page(store: Store) -> None:
    values = {pk: {"loss": float(pk // 2), "acc": pk % 3 / 2} for pk in range(1, RUNS_MADE + 1)}
    fill(store, values)
    asked, (order,) = parse_filter("metrics.acc > 0.5", RUNS), parse_order_by(["metrics.loss"], RUNS)

    def leading(rows: int) -> list[int] | None:
        return store.read(lambda c: last_values.leading(c, list(values), asked, order, rows))

    assert leading(2) == [2, 5]
    assert leading(3) == [2, 5, 8]
    assert leading(101) is None  # a hundred meet the condition
    assert leading(RUNS_MADE) is None
