"""The search grammar against its meaning in plain Python, over runs with every awkward value that may be logged."""

from __future__ import annotations

import functools
import math
import operator
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from zaffre.core import limits
from zaffre.core.entities import Experiment, Run
from zaffre.core.errors import InvalidName
from zaffre.core.filters import RUNS, like_pattern, parse_filter, parse_order_by
from zaffre.core.states import MLFLOW_STATUS, RunStatus
from zaffre.core.wire import RunCreate, RunPatch
from zaffre.server.store.run_search import RunQuery
from zaffre.server.tracking.tracking import Tracking

LONGEST = "m" * limits.METRIC_NAME
KEYS = ["loss", "val loss", "a.b", "a/b:c", "потеря", "損失", "And", "select", LONGEST]
NUMBERS = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 0.1, 1e308, -1e308, 5e-324, 2.0**53, 2.0**63]
LITERALS = ["0", "-0.0", "1", "-1.0", ".1", "1e308", "1e999", "-1e999", "5e-324", "9007199254740992"]
LITERALS += ["9223372036854775807", "9223372036854775808", "-9223372036854775809", "1" + "0" * 400]
EDGE = "x" * 63
TEXTS = [
    "",
    "a",
    "A",
    "b",
    "it's",
    '"',
    "`",
    "%",
    "_",
    "a_b",
    "a%",
    "\\",
    "a\\%",
    "ä",
    "Ä",
    "é",
    "e\u0301",
    "日本",
    "😀",
    "\n",
    " a ",
]
TEXTS += [
    EDGE,
    EDGE + "y",
    EDGE + "yz",
    EDGE + "yy",
    "v" * limits.PARAM_VALUE,
    "v" * (limits.PARAM_VALUE - 1),
    "NULL",
    "1",
]
PATTERNS = ["", "%", "_", "a%", "%a", "A_", "%'%", "%_", "__", "ä", "%本", "😀", "%\\%", EDGE + "%"]
TIMES = [None, 0, 1, 1_700_000_000_000, 2**63 - 1]

ENTITIES = {"metrics": "metric", "params": "param", "tags": "tag"}
Clause = tuple[str, Callable[[Run], bool]]  # as a filter says it, and what it means
BY_OP: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def named(entity: str, key: str) -> str:
    return f"{entity}.`{key}`"


def like(value: str, pattern: str) -> bool:
    return like_pattern(pattern).fullmatch(value) is not None


def compared(op: str, value: Any, other: Any) -> bool:
    """As in SQL: what is not there compares with nothing, and NaN is unequal to every number."""
    return value is not None and BY_OP[op](value, other)


def texts_compared(op: str, value: str | None, other: str) -> bool:
    if value is None:
        return False
    if op in ("LIKE", "like"):
        return like(value, other)
    if op == "ILIKE":
        return like(value.lower(), other.lower())
    return BY_OP[op](value, other)


@st.composite
def metric_clauses(draw: st.DrawFn) -> Clause:
    key, op, literal = draw(st.sampled_from(KEYS)), draw(st.sampled_from(list(BY_OP))), draw(st.sampled_from(LITERALS))
    return f"{named('metrics', key)} {op} {literal}", lambda run: compared(op, run.metrics.get(key), float(literal))


@st.composite
def pair_clauses(draw: st.DrawFn) -> Clause:
    entity, key = draw(st.sampled_from(["params", "tags"])), draw(st.sampled_from(KEYS))
    op = draw(st.sampled_from(["=", "=", "=", "!=", "LIKE", "like", "ILIKE", "IS NULL", "is not null"]))
    name = named(entity, key)

    def value(run: Run) -> str | None:
        return (run.params if entity == "params" else run.tags).get(key)

    if op in ("IS NULL", "is not null"):
        return f"{name} {op}", lambda run: (value(run) is None) == (op == "IS NULL")
    other = draw(st.sampled_from(PATTERNS if op.upper().endswith("LIKE") else TEXTS))
    return f"{name} {op} {quoted(other)}", lambda run: texts_compared(op, value(run), other)


@st.composite
def attribute_clauses(draw: st.DrawFn) -> Clause:
    kind = draw(st.sampled_from(["status", "start_time", "run_id", "run_name"]))
    if kind == "start_time":
        op, time = (
            draw(st.sampled_from(list(BY_OP))),
            draw(st.sampled_from([0, 0.5, -0.5, 1, 1e12, 2**63 - 1, 2**63, 10**30, -1e30])),
        )
        return f"start_time {op} {time}", lambda run: compared(op, run.start_time, time)
    if kind == "status":
        name = draw(st.sampled_from([*MLFLOW_STATUS.values(), "Completed", "nothing"]))
        is_equal = draw(st.booleans())
        text = f"attributes.status {'=' if is_equal else '!='} {quoted(name)}"
        return text, lambda run: (name in (MLFLOW_STATUS[run.status], run.status.value)) == is_equal
    if kind == "run_id":
        some = draw(st.lists(st.sampled_from([f"r{i}" for i in range(40)]), min_size=1, max_size=4))
        is_in = draw(st.booleans())
        listed = ", ".join(quoted(one) for one in some)
        return f"run_id {'IN' if is_in else 'not in'} ({listed})", lambda run: (run.id in some) == is_in
    other = draw(st.sampled_from(["Name 1", "name 2", "ÄÖ 3", "nothing"]))
    op = draw(st.sampled_from(["=", "!=", "ILIKE"]))
    name = draw(st.sampled_from(["run_name", "attr.`Run name`", "tags.`mlflow.runName`"]))
    return f"{name} {op} {quoted(other)}", lambda run: texts_compared(op, run.display_name, other)


@dataclass(frozen=True)
class Order:
    text: str
    value: Callable[[Run], Any]
    descending: bool


@st.composite
def orders(draw: st.DrawFn) -> Order:
    entity, key = (
        draw(st.sampled_from(["metrics", "params", "tags", "start_time", "run_id"])),
        draw(st.sampled_from(KEYS)),
    )
    descending = draw(st.booleans())
    direction = "desc" if descending else draw(st.sampled_from(["", "ASC"]))
    if entity in ("start_time", "run_id"):
        return Order(f"{entity} {direction}", lambda run: run.id if entity == "run_id" else run.start_time, descending)
    return Order(f"{named(entity, key)} {direction}", lambda run: getattr(run, entity).get(key), descending)


def before(first: Any, second: Any, *, descending: bool) -> int:
    """-1 if ``first`` comes before ``second``: values, then NaN, then nothing, in either direction."""
    ranks = [2 if value is None else 1 if value != value else 0 for value in (first, second)]
    if ranks != [0, 0]:
        return (ranks[0] > ranks[1]) - (ranks[0] < ranks[1])
    return int(first > second) - int(first < second) if not descending else int(first < second) - int(first > second)


def ordered(runs: list[Run], by: list[Order]) -> list[str]:
    keys = [(order.value, order.descending) for order in by]
    if not any(order.text.startswith("start_time") for order in by):
        keys.append((lambda run: run.start_time, True))
    keys.append((lambda run: run.id, False))

    def compare(first: Run, second: Run) -> int:
        found = (before(value(first), value(second), descending=descending) for value, descending in keys)
        return next((one for one in found if one), 0)

    return [run.id for run in sorted(runs, key=functools.cmp_to_key(compare))]


@pytest.fixture
def made(tracking: Tracking, experiment: Experiment) -> list[Run]:
    """Forty runs whose every value is drawn from the awkward ones."""
    chance = random.Random(11)  # noqa: S311 - data, no secret
    for i in range(40):
        tags = {key: chance.choice(TEXTS) for key in chance.sample(KEYS, 4)}
        name = chance.choice(["Name 1", "Name 2", "äö 3"])
        start = chance.choice(TIMES)
        status = RunStatus.NOT_STARTED if start is None else RunStatus.RUNNING
        given_run = RunCreate(id=f"r{i}", display_name=name, tags=tags, start_time=start, status=status)
        tracking.create_run("default", experiment.id, given_run)
        points = [(key, chance.choice(NUMBERS), 0, 0) for key in chance.sample(KEYS, 6)]
        tracking.log_batch("default", f"r{i}", points, {key: chance.choice(TEXTS) for key in chance.sample(KEYS, 4)})
        if i % 3 == 0 and start is not None:
            tracking.update_run("default", f"r{i}", RunPatch(status=RunStatus.COMPLETED))
    return tracking.search_runs("default", RunQuery(newest=True)).items


def test_a_search_finds_what_the_grammar_means_in_its_order_page_by_page(
    tracking: Tracking, experiment: Experiment, made: list[Run]
) -> None:
    clause = metric_clauses() | pair_clauses() | attribute_clauses()

    @settings(max_examples=250, deadline=None)
    @given(st.lists(clause, max_size=3), st.lists(orders(), max_size=2), st.sampled_from([1, 7, 1000]), st.booleans())
    def check(clauses: list[Clause], by: list[Order], limit: int, is_placed: bool) -> None:
        if len({order.text.rsplit(" ", 1)[0] for order in by}) < len(by):
            by = by[:1]
        query = RunQuery(
            experiment_ids=[experiment.id] if is_placed else None,
            filter=parse_filter(" AND ".join(text for text, _ in clauses), RUNS),
            order=parse_order_by([order.text for order in by], RUNS),
        )
        note(f"{[text for text, _ in clauses]} by {[order.text for order in by]}")
        wanted = ordered([run for run in made if all(means(run) for _, means in clauses)], by)
        found: list[str] = []
        after: str | None = None
        while True:
            page = tracking.search_runs("default", query, limit=limit, after=after)
            found += [run.id for run in page.items]
            after = page.next
            if after is None:
                break
        assert found == wanted

    assert len(made) == 40
    check()


@pytest.mark.parametrize("kind", ["metric", "param", "tag"])
def test_the_longest_name_is_kept_and_one_longer_is_refused(
    tracking: Tracking, experiment: Experiment, kind: str
) -> None:
    longest = limits.TAG_KEY if kind == "tag" else limits.METRIC_NAME
    run = tracking.create_run("default", experiment.id, RunCreate(id="r")).id

    def log(key: str) -> None:
        if kind == "metric":
            tracking.log_batch("default", run, [(key, 1.0, 0, 0)])
        else:
            tracking.log_batch("default", run, **{f"{kind}s": {key: "1"}})  # type: ignore[arg-type]

    log("n" * longest)
    text = f"{kind}s.{'n' * longest} = {'1' if kind == 'metric' else repr('1')}"
    assert [found.id for found in tracking.search_runs("default", RunQuery(filter=parse_filter(text, RUNS))).items] == [
        run
    ]
    with pytest.raises(InvalidName, match=f"1 to {longest} characters; .* has {longest + 1}"):
        log("n" * (longest + 1))
