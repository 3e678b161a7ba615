"""Searches that know the latest values of metrics find what searches that look all of them up find."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from tests.server.store.measured_runs import RUNS_MADE, by_metric, fill, found, log, some_values
from zaffre.core.filters import RUNS, parse_filter, parse_order_by
from zaffre.server.store import last_values, schema
from zaffre.server.store.engine import Store
from zaffre.server.store.last_values import LastValues
from zaffre.server.store.run_search import RunQuery, search


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
