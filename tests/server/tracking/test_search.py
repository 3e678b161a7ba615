"""Searching runs: every filter and order against a plain reading of the same runs."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from zaffre.core.entities import DatasetInput, Experiment, Run, ScriptSpec
from zaffre.core.errors import InvalidValue
from zaffre.core.filters import RUNS, parse_filter, parse_order_by
from zaffre.core.states import RunStatus
from zaffre.core.wire import RunCreate, RunPatch
from zaffre.server.store import run_search
from zaffre.server.store.engine import Store
from zaffre.server.store.run_search import RunQuery
from zaffre.server.tracking.tracking import Tracking

LOSSES = [0.5, math.nan, None, -1.0, math.inf, 0.5, 3.0, -math.inf]


@pytest.fixture
def made(tracking: Tracking, experiment: Experiment) -> list[Run]:
    """Eight runs, r0 to r7, each lacking something else."""
    for i, loss in enumerate(LOSSES):
        tags = {"team": f"t{i % 3}"} if i % 4 else {}
        given = RunCreate(id=f"r{i}", display_name=f"Name {i}", tags=tags, start_time=1000 + i // 2)
        run = tracking.create_run("default", experiment.id, given, created_by="ann" if i % 2 else "bob")
        points = [] if loss is None else [("loss", -99.0, 0, 0), ("loss", loss, 0, 1)]
        tracking.log_batch("default", run.id, points, {"Lr": f"0.{i}"} if i != 5 else {})
        if i % 2:
            tracking.update_run("default", run.id, RunPatch(status=RunStatus.COMPLETED, end_time=5000 - i))
    dataset = DatasetInput(name="iris", digest="d1", tags={"mlflow.data.context": "training"})
    tracking.log_inputs("default", "r3", [dataset])
    return tracking.search_runs("default", RunQuery(newest=True)).items


def ids(tracking: Tracking, query: RunQuery, limit: int = 1000) -> list[str]:
    """All pages of a search, each of ``limit`` runs."""
    seen: list[str] = []
    after: str | None = None
    while True:
        page = tracking.search_runs("default", query, limit=limit, after=after)
        assert len(page.items) <= limit
        seen += [run.id for run in page.items]
        after = page.next
        if after is None:
            return seen


def loss(run: Run) -> float | None:
    return run.metrics.get("loss")


FILTERS: list[tuple[str, Callable[[Run], bool]]] = [
    ("metrics.loss > 0", lambda run: (loss(run) or -1) > 0),
    ("metrics.loss <= 0.5", lambda run: loss(run) is not None and loss(run) <= 0.5),  # type: ignore[operator]
    ("metrics.loss = 0.5", lambda run: loss(run) == 0.5),
    ("metrics.loss != 0.5", lambda run: loss(run) not in (None, 0.5)),
    ("params.Lr = '0.3'", lambda run: run.params.get("Lr") == "0.3"),
    ("params.Lr != '0.3'", lambda run: run.params.get("Lr", "0.3") != "0.3"),
    ("params.Lr LIKE '0._'", lambda run: "Lr" in run.params),
    ("params.lr IS NULL", lambda _: True),
    ("params.Lr IS NULL", lambda run: "Lr" not in run.params),
    ("tags.team IS NOT NULL", lambda run: "team" in run.tags),
    ("tags.team = 't1' AND metrics.loss > -2", lambda run: run.tags.get("team") == "t1" and (loss(run) or -9) > -2),
    ("tags.team ILIKE 'T1'", lambda run: run.tags.get("team") == "t1"),
    ("tags.team LIKE 'T1'", lambda _: False),
    ("run_name LIKE 'Name %'", lambda _: True),
    ("tags.`mlflow.runName` = 'Name 4'", lambda run: run.id == "r4"),
    ("run_name LIKE 'name %'", lambda _: False),
    ("run_name ILIKE 'NAME 3'", lambda run: run.id == "r3"),
    ("run_id IN ('r1', 'r5', 'nope')", lambda run: run.id in ("r1", "r5")),
    ("run_id NOT IN ('r1', 'r5')", lambda run: run.id not in ("r1", "r5")),
    ("user_id = 'ann'", lambda run: run.created_by == "ann"),
    ("status = 'FINISHED'", lambda run: run.status is RunStatus.COMPLETED),
    ("status = 'Running'", lambda run: run.status is RunStatus.RUNNING),
    ("status != 'RUNNING'", lambda run: run.status is RunStatus.COMPLETED),
    ("start_time > 1001", lambda run: (run.start_time or 0) > 1001),
    ("end_time < 4998", lambda run: run.end_time is not None and run.end_time < 4998),
    ("artifact_uri LIKE '%/r2/artifacts'", lambda run: run.id == "r2"),
    ("dataset.name = 'iris' AND dataset.context = 'training'", lambda run: run.id == "r3"),
    ("dataset.digest != 'd1'", lambda _: False),
    ("dataset.name IN ('wine')", lambda _: False),
]


@pytest.mark.parametrize(("text", "matches"), FILTERS, ids=[text for text, _ in FILTERS])
def test_filters(tracking: Tracking, made: list[Run], text: str, matches: Callable[[Run], bool]) -> None:
    found = ids(tracking, RunQuery(filter=parse_filter(text, RUNS)))
    assert sorted(found) == sorted(run.id for run in made if matches(run))


def rank(value: float | str | None, *, descending: bool) -> tuple[int, float, list[int]]:
    """Values first, NaN behind them, nothing last, whichever the direction."""
    if value is None:
        return 2, 0.0, []
    if isinstance(value, str):
        return 0, 0.0, [-ord(c) if descending else ord(c) for c in value]
    if math.isnan(value):
        return 1, 0.0, []
    return 0, -value if descending else value, []


ORDERS: list[tuple[str, Callable[[Run], float | str | None]]] = [
    ("metrics.loss", loss),
    ("params.Lr", lambda run: run.params.get("Lr")),
    ("tags.team", lambda run: run.tags.get("team")),
    ("end_time", lambda run: run.end_time),
    ("start_time", lambda run: run.start_time),
    ("run_name", lambda run: run.display_name),
    ("status", lambda run: run.status.value),
]


@pytest.mark.parametrize("limit", [1, 3, 1000])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize(("key", "value"), ORDERS, ids=[key for key, _ in ORDERS])
def test_orders(
    tracking: Tracking,
    made: list[Run],
    key: str,
    value: Callable[[Run], float | str | None],
    direction: str,
    limit: int,
) -> None:
    descending = direction == "DESC"
    expected = sorted(made, key=lambda run: run.id)
    expected.sort(key=lambda run: -(run.start_time or 0) if key != "start_time" else 0)
    expected.sort(key=lambda run: rank(value(run), descending=descending))
    query = RunQuery(order=parse_order_by([f"{key} {direction}"], RUNS))
    assert ids(tracking, query, limit) == [run.id for run in expected]


def test_the_default_order_is_start_time_newest_first(tracking: Tracking, made: list[Run]) -> None:
    assert ids(tracking, RunQuery(), 3) == ["r6", "r7", "r4", "r5", "r2", "r3", "r0", "r1"]
    assert len(made) == 8


def test_runs_that_have_not_started_come_last_and_page_as_others(tracking: Tracking, experiment: Experiment) -> None:
    for i in range(5):
        given = RunCreate(id=f"q{i}", spec=ScriptSpec(script="a.py"), start_time=10 + i if i % 2 else None)
        tracking.create_run("default", experiment.id, given)
    assert ids(tracking, RunQuery(), 2) == ["q3", "q1", "q0", "q2", "q4"]


def test_newest_first_is_by_creation(tracking: Tracking, made: list[Run]) -> None:
    assert ids(tracking, RunQuery(newest=True), 3) == [f"r{i}" for i in reversed(range(8))]
    assert made[0].id == "r7"


def test_what_the_sdk_asks_for(tracking: Tracking, experiment: Experiment, made: list[Run]) -> None:
    given = RunCreate(id="child", parent_id="r0", type="azureml.scriptrun", properties={"p": "1"}, target="cpu")
    tracking.create_run("default", experiment.id, given)
    elsewhere = tracking.create_experiment("default", "elsewhere")
    tracking.create_run("default", elsewhere.id, RunCreate(id="far"))
    assert ids(tracking, RunQuery(parent_id="r0")) == ["child"]
    assert "child" not in ids(tracking, RunQuery(top_level=True))
    assert ids(tracking, RunQuery(types=["azureml.scriptrun"])) == ["child"]
    assert ids(tracking, RunQuery(properties={"p": "1"})) == ["child"]
    assert ids(tracking, RunQuery(properties={"p": None})) == ["child"]
    assert ids(tracking, RunQuery(properties={"p": "2"})) == []
    assert ids(tracking, RunQuery(target="cpu")) == ["child"]
    assert ids(tracking, RunQuery(experiment_ids=[elsewhere.id])) == ["far"]
    assert ids(tracking, RunQuery(experiment_ids=[])) == []
    assert sorted(ids(tracking, RunQuery(tags={"team": None}))) == sorted(run.id for run in made if run.tags)
    assert sorted(ids(tracking, RunQuery(ids=["r1", "far"]))) == ["far", "r1"]
    completed = ids(tracking, RunQuery(statuses=[RunStatus.COMPLETED]))
    assert sorted(completed) == ["r1", "r3", "r5", "r7"]


def test_a_child_is_found_by_mlflows_tag_however_it_was_made(
    tracking: Tracking, experiment: Experiment, made: list[Run]
) -> None:
    tracking.create_run("default", experiment.id, RunCreate(id="a", parent_id="r0"))
    tracking.create_run("default", experiment.id, RunCreate(id="b", tags={"mlflow.parentRunId": "r0"}))
    tracking.create_run("default", experiment.id, RunCreate(id="c", tags={"mlflow.parentRunId": "unknown"}))
    children = parse_filter("tags.mlflow.parentRunId = 'r0'", RUNS)
    assert sorted(ids(tracking, RunQuery(filter=children))) == ["a", "b"]
    lost = parse_filter("tags.mlflow.parentRunId = 'unknown'", RUNS)
    assert ids(tracking, RunQuery(filter=lost)) == ["c"]
    single = parse_filter("tags.mlflow.parentRunId IS NULL", RUNS)
    assert sorted(ids(tracking, RunQuery(filter=single))) == sorted(run.id for run in made)


def test_views(tracking: Tracking, made: list[Run]) -> None:
    tracking.delete_run("default", "r2")
    assert ids(tracking, RunQuery(view="archived")) == ["r2"]
    assert "r2" not in ids(tracking, RunQuery())
    assert len(ids(tracking, RunQuery(view="all"))) == len(made)


def test_other_workspaces_are_not_searched(tracking: Tracking, made: list[Run]) -> None:
    assert tracking.search_runs("other", RunQuery(ids=[run.id for run in made])).items == []


def test_counting(store: Store, made: list[Run]) -> None:
    query = RunQuery(filter=parse_filter("metrics.loss > 0", RUNS))
    assert store.read(lambda connection: run_search.count(connection, "default", query)) == 4
    assert len(made) == 8


def test_a_page_is_not_shifted_by_runs_that_come_meanwhile(
    tracking: Tracking, experiment: Experiment, made: list[Run]
) -> None:
    first = tracking.search_runs("default", RunQuery(newest=True), limit=4)
    tracking.create_run("default", experiment.id, RunCreate(id="late"))
    tracking.delete_run("default", "r6")
    second = tracking.search_runs("default", RunQuery(newest=True), limit=4, after=first.next)
    assert [run.id for run in (*first.items, *second.items)] == [run.id for run in made]
    assert second.next is None


def test_the_token_of_another_order_is_refused(tracking: Tracking, made: list[Run]) -> None:
    token = tracking.search_runs("default", RunQuery(newest=True), limit=4).next
    assert token is not None
    assert made
    with pytest.raises(InvalidValue, match="belongs to a search with another order"):
        tracking.search_runs("default", RunQuery(), after=token)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_default_order_of_one_experiment_is_read_from_an_index(store: Store) -> None:
    """Sorting all runs of an experiment for each page would make large experiments slow."""
    asked: list[str] = []

    def find(connection: Connection) -> list[str]:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_trace_callback(asked.append)
        run_search.find(connection, "default", RunQuery(experiment_ids=[0]), limit=10)
        raw.set_trace_callback(None)
        return [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {asked[-1]}")]

    plan = store.read(find)
    assert any("ix_runs_by_start" in step for step in plan)
    assert not any(re.fullmatch(r"USE TEMP B-TREE FOR ORDER BY", step) for step in plan)


@pytest.mark.parametrize("length", [1, 63, 64, 65, 300])
def test_equal_values_are_told_apart_however_long_they_are(
    tracking: Tracking, experiment: Experiment, length: int
) -> None:
    """Ordered by a metric, such a search starts from the index, which holds the first characters only."""
    elsewhere = tracking.create_experiment("default", "elsewhere")
    for name, value, where in (
        ("same", "x" * length, experiment),
        ("longer", "x" * length + "y", experiment),
        ("elsewhere", "x" * length, elsewhere),
    ):
        given = RunCreate(id=name, tags={"team": value, "kind": "k"}, start_time=1)
        tracking.create_run("default", where.id, given)
        tracking.log_batch("default", name, [("loss", 1.0, 0, 0)], {"size": value})
    for asked in (f"tags.team = '{'x' * length}'", f"params.size = '{'x' * length}' AND tags.kind = 'k'"):
        for order in (["metrics.loss"], ["start_time"]):
            query = RunQuery(
                experiment_ids=[experiment.id], filter=parse_filter(asked, RUNS), order=parse_order_by(order, RUNS)
            )
            assert ids(tracking, query) == ["same"]
