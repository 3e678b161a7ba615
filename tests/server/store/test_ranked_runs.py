"""Searches of whole experiments that begin with a ranking find what a walk over all runs finds."""

from __future__ import annotations

import math
import operator
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import pytest
from sqlalchemy import delete, update

from tests.server.store.measured_runs import (
    RUNS_MADE,
    Metrics,
    add_runs,
    by_metric,
    fill,
    found,
    log,
    query_of,
    some_values,
)
from zaffre.server.store import ranked_runs, rankings, schema
from zaffre.server.store.engine import Store
from zaffre.server.store.last_values import LastValues
from zaffre.server.store.rankings import Ranking
from zaffre.server.store.run_search import RunQuery, count, search

ORDERS = (("metrics.loss", False), ("metrics.loss DESC", True))
COMPARES: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}


def all_pages(store: Store, query: RunQuery, limit: int) -> list[int]:
    pks, after = [], None
    while True:
        page = store.read(lambda c, after=after: search(c, "default", query, limit=limit, after=after))  # type: ignore[misc]
        pks += [int(run.id, 16) for run in page.items]
        after = page.next
        if after is None:
            return pks


def meeting(values: Mapping[int, Metrics], name: str, sign: str, than: float) -> dict[int, Metrics]:
    return {pk: m for pk, m in values.items() if (value := m[name]) is not None and COMPARES[sign](value, than)}


def without(values: Mapping[int, Metrics], left_out: Sequence[int] | frozenset[int]) -> dict[int, Metrics]:
    return {pk: logged for pk, logged in values.items() if pk not in left_out}


@pytest.mark.parametrize("seed", range(2))
def test_all_pages_have_the_order_of_the_metric(store: Store, seed: int) -> None:
    values = some_values(seed)
    archived = frozenset(range(5 + seed, RUNS_MADE, 4))
    experiment = fill(store, values, archived)
    shown = without(values, archived)

    for order, descending in ORDERS:
        for limit in (7, 40, 1000):
            pages = all_pages(store, query_of([experiment], "", order), limit)
            assert pages == by_metric(shown, "loss", descending=descending)
        for sign in COMPARES:
            for name in ("acc", "loss"):
                expected = by_metric(meeting(shown, name, sign, 0.5), "loss", descending=descending)
                query = query_of([experiment], f"metrics.{name} {sign} 0.5", order)
                assert all_pages(store, query, 9) == expected


@pytest.mark.parametrize("seed", range(2))
def test_all_pages_by_time_have_the_runs_that_meet_a_condition_on_a_metric(store: Store, seed: int) -> None:
    values = some_values(seed)
    archived = frozenset(range(6 + seed, RUNS_MADE, 10))
    experiment = fill(store, values, archived)
    shown = without(values, archived)

    for than in (-1.0, 0.1, 1.0, 1.8, 5.0):
        for sign in COMPARES:
            expected = sorted(meeting(meeting(shown, "loss", sign, than), "acc", "<=", 1.5), reverse=True)
            query = query_of([experiment], f"metrics.loss {sign} {than} and metrics.acc <= 1.5", "")
            assert all_pages(store, query, 4) == expected
            assert store.read(lambda c, query=query: count(c, "default", query)) == len(expected)  # type: ignore[misc]
            by_name = query_of([experiment], f"metrics.loss {sign} {than} and metrics.acc <= 1.5", "run_id DESC")
            assert all_pages(store, by_name, 50) == expected


@pytest.mark.parametrize("wrong", [0, 8, 10_000])
def test_searches_between_changes_know_them(store: Store, monkeypatch: pytest.MonkeyPatch, wrong: int) -> None:
    monkeypatch.setattr(ranked_runs, "_WRONG", wrong)
    chance = random.Random(wrong)  # noqa: S311 - data, no secret
    values = some_values(wrong)
    other_values = {pk + 1000: logged for pk, logged in some_values(9).items()}
    both = [fill(store, values), fill(store, other_values, name="there")]
    values.update(other_values)

    def value() -> float:
        return chance.choice([math.nan, math.inf, -5.0, 5.0, chance.randrange(20) / 10])

    for step in range(1, 25):
        some = chance.sample(sorted(values), chance.randrange(1, 9))
        changes: dict[int, Metrics] = {pk: {chance.choice(["loss", "acc"]): value()} for pk in some}
        born = 5000 + step
        started: dict[int, Metrics] = {born: {"loss": value(), "acc": value()}}
        gone = chance.choice(sorted(values))
        for pk, logged in changes.items():
            store.write(lambda c, pk=pk, logged=logged, step=step: log(c, pk, logged, step))  # type: ignore[misc]
            values[pk] = {**values[pk], **logged}
        store.write(lambda c, started=started: add_runs(c, both[0], started))  # type: ignore[misc]
        values.update(started)
        store.write(lambda c, gone=gone: c.execute(update(schema.runs).filter_by(pk=gone).values(archived_at=9)))  # type: ignore[misc]
        del values[gone]
        for asked, (order, descending) in product(("", "metrics.acc != 0.2", "metrics.acc > 0.2"), ORDERS):
            met = meeting(values, "acc", asked.split()[1], 0.2) if asked else values
            expected = by_metric(met, "loss", descending=descending)
            query = query_of(both, asked, order)
            page = store.read(lambda c, query=query: search(c, "default", query, limit=12))  # type: ignore[misc]
            assert [int(run.id, 16) for run in page.items] == expected[:12]
        high = meeting(values, "loss", ">", 1.7)
        page = store.read(lambda c: search(c, "default", query_of(both, "metrics.loss > 1.7", ""), limit=12))
        assert [int(run.id, 16) for run in page.items] == sorted(high, reverse=True)[:12]


@pytest.mark.parametrize("wrong", [-100, 10_000])
def test_runs_that_fell_behind_make_room_for_others(store: Store, monkeypatch: pytest.MonkeyPatch, wrong: int) -> None:
    monkeypatch.setattr(ranked_runs, "_WRONG", wrong)
    experiment = fill(store, {pk: {"loss": float(pk)} for pk in range(1, RUNS_MADE + 1)})
    for fallen in (0, 5, 9):
        for pk in range(1, fallen + 1):
            store.write(lambda c, pk=pk, fallen=fallen: log(c, pk, {"loss": 500.0 + pk}, step=fallen))  # type: ignore[misc]
        for _ in range(2):  # as it was found, and as it was made anew
            expected = list(range(fallen + 1, fallen + 4))
            assert found(store, experiment, "", "metrics.loss", 3) == expected


def test_runs_that_other_conditions_keep_out_do_not_hide_those_behind_them(store: Store) -> None:
    values: dict[int, Metrics] = {pk: {"loss": float(pk)} for pk in range(1, RUNS_MADE + 1)}
    experiment = fill(store, values)
    for start, limit in ((30, 2), (290, 2), (290, 20)):
        expected = list(range(start + 1, RUNS_MADE + 1))[:limit]
        assert found(store, experiment, f"attributes.start_time > {start}", "metrics.loss", limit) == expected


def test_many_runs_of_the_same_value_are_told_apart_by_their_start(store: Store) -> None:
    values: dict[int, Metrics] = {pk: {"loss": 0.5} for pk in range(1, RUNS_MADE + 1)}
    experiment = fill(store, values)
    for order, _ in ORDERS:
        assert all_pages(store, query_of([experiment], "", order), 50) == list(range(RUNS_MADE, 0, -1))


def test_where_runs_are_too_many_to_be_kept_the_search_walks_over_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rankings, "MOST", 200)
    monkeypatch.setattr(ranked_runs, "LONGEST", 10)
    values = some_values(1)
    experiment = fill(store, values)
    for order, descending in ORDERS:
        expected = by_metric(meeting(values, "acc", ">", 0.5), "loss", descending=descending)
        assert all_pages(store, query_of([experiment], "metrics.acc > 0.5", order), 30) == expected
    assert all_pages(store, query_of([experiment], "metrics.acc > 1.7", ""), 3) == sorted(
        meeting(values, "acc", ">", 1.7), reverse=True
    )


def test_a_longer_walk_than_that_over_all_runs_is_not_made(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranked_runs, "LONGEST", 20)
    values = {pk: {"loss": float(pk), "acc": float(pk > 250)} for pk in range(1, RUNS_MADE + 1)}
    experiment = fill(store, values)
    query = query_of([experiment], "metrics.acc != 0", "metrics.loss")
    (order,) = query.order

    def first(rows: int) -> list[int] | None:
        return store.read(lambda c: ranked_runs.first(c, [experiment], query.filter, order, rows, None))

    assert first(3) is None
    assert found(store, experiment, "metrics.acc != 0", "metrics.loss", 3) == [251, 252, 253]
    monkeypatch.undo()
    assert first(3) == [251, 252, 253]


def test_a_reader_that_began_before_a_change_sees_nothing_of_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranked_runs, "_WRONG", -100)
    experiment = fill(store, {pk: {"loss": float(pk)} for pk in range(1, RUNS_MADE + 1)})
    query = query_of([experiment], "", "metrics.loss")
    assert found(store, experiment, "", "metrics.loss", 1) == [1]

    def change() -> None:
        store.write(lambda c: log(c, 250, {"loss": -1.0}, step=1))
        store.write(lambda c: log(c, 1, {"loss": 500.0}, step=1))
        assert found(store, experiment, "", "metrics.loss", 1) == [250]  # and the ranking is made anew

    def late(connection: Any) -> list[int]:
        connection.execute(schema.workspaces.select()).all()  # from here on it sees this state, and no later one
        writing = threading.Thread(target=change)
        writing.start()
        writing.join()
        return [int(run.id, 16) for run in search(connection, "default", query, limit=1).items]

    assert store.read(late) == [1]
    assert found(store, experiment, "", "metrics.loss", 2) == [250, 2]


def test_a_run_that_is_deleted_is_not_found(store: Store) -> None:
    experiment = fill(store, {pk: {"loss": float(pk)} for pk in range(1, RUNS_MADE + 1)})
    assert found(store, experiment, "", "metrics.loss", 2) == [1, 2]
    store.write(lambda c: c.execute(delete(schema.runs).where(schema.runs.c.pk == 1)))
    assert found(store, experiment, "", "metrics.loss", 2) == [2, 3]


def ranking(runs: int, epoch: int = 0) -> Ranking:
    return Ranking.of([(run, 1.0) for run in range(runs)], epoch)


def test_rankings_are_forgotten_when_they_are_many_or_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rankings, "MOST", 1000)
    monkeypatch.setattr(rankings, "EXPERIMENTS", 3)
    monkeypatch.setattr(rankings, "CHANGES", 2)
    kept = LastValues()
    for experiment in range(5):
        kept.keep_ranking(("a", experiment), ranking(10))
    assert [experiment for experiment in range(5) if kept.ranking(("a", experiment))] == [2, 3, 4]

    kept.keep_ranking(("b", 1), ranking(700))
    assert kept.ranking(("a", 2)) is not None
    kept.keep_ranking(("c", 1), ranking(30))
    assert kept.ranking(("a", 3)) is None  # the one asked for longest ago
    assert all(kept.ranking(key) for key in (("a", 2), ("a", 4), ("b", 1), ("c", 1)))

    for run in range(3):
        kept.changing(run, ["b", "x"])
    assert kept.ranking(("b", 1)) is None
    assert kept.ranking(("c", 1)) is not None


def test_a_ranking_is_wrong_about_runs_that_changed_after_its_reader_began() -> None:
    kept = LastValues()
    begun = kept.epoch
    kept.changing(1, ["a"])
    kept.settled()
    kept.changing(2, ["b"])
    kept.keep_ranking(("a", 1), ranking(5, begun))
    found = kept.ranking(("a", 1))
    assert found is not None
    assert found[1] == {1, 2}
    kept.changing(3, ["a"])
    again = kept.ranking(("a", 1))
    assert again is not None
    assert again[1] == {1, 2, 3}
    assert found[1] == {1, 2}
