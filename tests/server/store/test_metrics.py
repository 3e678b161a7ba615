"""The metric store against a plain model: whatever is appended, in whatever pieces, reads as the model says."""

from __future__ import annotations

import math
from functools import partial

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection, func, select

from tests.server.store.plain_metrics import PlainMetrics, Point, shown
from zaffre.server.store import experiments, metrics, runs, schema, workspaces
from zaffre.server.store.engine import Store
from zaffre.server.store.metrics import Logged
from zaffre.server.store.packing import columns

POINT = st.tuples(
    st.integers(-2, 3) | st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 2) | st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, math.nan, math.inf, -math.inf]) | st.floats(allow_nan=False),
)


def add_run(connection: Connection) -> int:
    number = connection.execute(select(func.count()).select_from(schema.runs)).scalar()
    values = {"id": f"run{number}", "status": "Running", "created_at": 0}
    return runs.add(connection, experiments.next_run(connection, "default", 0), values, None)


def logged(name: str, points: list[Point], *, is_int: bool = False) -> Logged:
    steps, timestamps, values = zip(*points, strict=True)
    return Logged(name, columns(name, steps, timestamps, values), is_int)


def chunks(store: Store, run: int) -> list[int]:
    """The number of points in each chunk of a run, in order."""
    statement = (
        select(schema.metric_chunks.c.n)
        .where(schema.metric_chunks.c.run_pk == run)
        .order_by(schema.metric_chunks.c.seq)
    )
    return store.read(lambda connection: [int(n) for n in connection.execute(statement).scalars()])


@pytest.fixture
def run(store: Store) -> int:
    return store.write(add_run)


class MetricStore(RuleBasedStateMachine):
    """Appends to two runs, interleaved with reads, held to ``PlainMetrics``."""

    def __init__(self, database: str) -> None:
        super().__init__()
        self.database = database
        self.store = Store.open(database)
        self.runs = [self.store.write(add_run), self.store.write(add_run)]
        self.plain = [PlainMetrics(), PlainMetrics()]

    def teardown(self) -> None:
        self.store.close()

    @rule(
        which=st.integers(0, 1),
        batch=st.dictionaries(st.sampled_from(["a", "b", "c/d"]), st.lists(POINT, min_size=1, max_size=4), min_size=1),
        is_int=st.booleans(),
    )
    def append(self, which: int, batch: dict[str, list[Point]], is_int: bool) -> None:
        given = [logged(name, points, is_int=is_int) for name, points in batch.items()]
        self.store.write(lambda connection: metrics.append(connection, self.runs[which], given))
        self.plain[which].append(batch, is_int=is_int)

    @rule(which=st.integers(0, 1), times=st.integers(60, 70))
    def append_until_compacted(self, which: int, times: int) -> None:
        def many(connection: Connection) -> None:
            for i in range(times):
                metrics.append(connection, self.runs[which], [logged("a", [(i, 0, float(i))])])

        self.store.write(many)
        for i in range(times):
            self.plain[which].append({"a": [(i, 0, float(i))]}, is_int=False)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = Store.open(self.database)

    @invariant()
    def reads_as_the_model(self) -> None:
        for run, plain in zip(self.runs, self.plain, strict=True):
            found = self.store.read(lambda connection, run=run: metrics.read(connection, run))  # type: ignore[misc]
            assert {series.name: shown(series.points) for series in found} == plain.ordered()
            assert {series.name: series.is_int for series in found} == plain.ints
            assert [series.name for series in found] == sorted(plain.points)

    @invariant()
    def knows_the_latest(self) -> None:
        found = self.store.read(lambda connection: metrics.latest(connection, self.runs))
        for run, plain in zip(self.runs, self.plain, strict=True):
            latest = {point.name: (point.step, point.timestamp, repr(point.value)) for point in found[run]}
            assert latest == plain.latest()

    @invariant()
    def shows_what_was_appended_since(self) -> None:
        for run, plain in zip(self.runs, self.plain, strict=True):
            seen = {name: len(points) // 2 for name, points in plain.points.items()}
            grown = self.store.read(lambda connection, run=run, seen=seen: metrics.since(connection, run, seen))  # type: ignore[misc]
            assert {name: count for name, (count, _) in grown.items()} == {
                name: len(points) for name, points in plain.points.items()
            }
            for name, (_, points) in grown.items():
                assert shown(points) == shown(plain.points[name][seen[name] :])


def test_what_is_appended_reads_as_the_model_says(database: str) -> None:
    with Store.open(database) as store:
        store.write(lambda connection: workspaces.create(connection, "default"))
    examples = 8 if database.startswith("postgresql") else 25
    run_state_machine_as_test(
        partial(MetricStore, database),  # type: ignore[arg-type]
        settings=settings(max_examples=examples, stateful_step_count=12, deadline=None),
    )


def test_a_metric_that_was_not_logged_is_an_empty_list(store: Store, run: int) -> None:
    assert store.read(lambda connection: metrics.read(connection, run, "loss")) == []
    assert store.read(lambda connection: metrics.read(connection, run)) == []
    assert store.read(lambda connection: metrics.latest(connection, [run])) == {run: []}
    assert store.read(lambda connection: metrics.since(connection, run, {})) == {}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_single_points_are_gathered_into_blocks(store: Store, run: int) -> None:
    def log(connection: Connection) -> None:
        for i in range(10_000):
            metrics.append(connection, run, [logged("loss", [(i, i, i / 7)])])

    store.write(log)
    sizes = chunks(store, run)
    assert sum(sizes) == 10_000
    assert sizes[:2] == [metrics.BLOCK, metrics.BLOCK]
    assert len(sizes) <= 3 + metrics.TAIL
    [found] = store.read(lambda connection: metrics.read(connection, run, "loss"))
    assert found.points.steps.tolist() == list(range(10_000))
    assert found.points.values.tolist() == [i / 7 for i in range(10_000)]


def test_large_batches_stay_as_they_came(store: Store, run: int) -> None:
    for i in range(70):
        batch = [logged("loss", [(i * 1000 + j, 0, 1.0) for j in range(1000)])]
        store.write(lambda connection, batch=batch: metrics.append(connection, run, batch))  # type: ignore[misc]
    assert chunks(store, run) == [1000] * 70


def test_many_metrics_at_once_each_keep_their_own_points(store: Store, run: int) -> None:
    names = [f"metric {i}" for i in range(500)]
    for step in range(3):
        batch = [logged(name, [(step, 0, float(i + step))]) for i, name in enumerate(names)]
        store.write(lambda connection, batch=batch: metrics.append(connection, run, batch))  # type: ignore[misc]
    found = store.read(lambda connection: metrics.read(connection, run))
    assert {series.name: series.points.values.tolist() for series in found} == {
        name: [float(i), float(i + 1), float(i + 2)] for i, name in enumerate(names)
    }


@pytest.mark.parametrize("before", [1, 7, 8, 30])
def test_a_small_batch_finds_its_metrics_among_those_of_the_run(store: Store, run: int, before: int) -> None:
    names = [f"m{i:02}" for i in range(before)]
    for batch in (
        *([logged(name, [(0, 0, 0.0)])] for name in names),
        [logged(names[-1], [(1, 1, 1.0)]), logged("new", [(0, 0, 2.0)])],
        [logged("newer", [(0, 0, 3.0)]), logged(names[0], [(2, 2, 4.0)])],
    ):
        store.write(lambda connection, batch=batch: metrics.append(connection, run, batch))  # type: ignore[misc]
    found = store.read(lambda connection: metrics.read(connection, run))
    expected: dict[str, list[float]] = {**{name: [0.0] for name in names}, "new": [2.0], "newer": [3.0]}
    expected[names[-1]].append(1.0)
    expected[names[0]].append(4.0)
    assert {series.name: series.points.values.tolist() for series in found} == expected


@pytest.fixture
def three_runs(store: Store) -> list[int]:
    return [store.write(add_run) for _ in range(3)]


def test_runs_do_not_see_each_others_points(store: Store, three_runs: list[int]) -> None:
    for i, run in enumerate(three_runs):
        batch = [logged("loss", [(0, 0, float(i))])]
        store.write(lambda connection, run=run, batch=batch: metrics.append(connection, run, batch))  # type: ignore[misc]
    latest = store.read(lambda connection: metrics.latest(connection, three_runs))
    assert [latest[run][0].value for run in three_runs] == [0.0, 1.0, 2.0]
