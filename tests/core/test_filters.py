from __future__ import annotations

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaffre.core.errors import InvalidValue
from zaffre.core.filters import (
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    Condition,
    Entity,
    Grammar,
    Op,
    OrderKey,
    like_pattern,
    names_tag,
    order_key,
    parse_filter,
    parse_order_by,
)
from zaffre.core.states import MLFLOW_STATUS, RunStatus


@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_nothing_is_the_empty_filter(text: str | None) -> None:
    assert parse_filter(text, RUNS) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.acc > 0.9", Condition(Entity.METRIC, "acc", Op.GT, 0.9)),
        ("metric.acc>=-1", Condition(Entity.METRIC, "acc", Op.GE, -1)),
        ("METRICS.acc <= 1e-3", Condition(Entity.METRIC, "acc", Op.LE, 0.001)),
        ("metrics.acc != .5", Condition(Entity.METRIC, "acc", Op.NE, 0.5)),
        ("metrics.`val loss` < 2", Condition(Entity.METRIC, "val loss", Op.LT, 2)),
        ('metrics."val.loss/x" = 2', Condition(Entity.METRIC, "val.loss/x", Op.EQ, 2)),
        ("metrics.1st = 2", Condition(Entity.METRIC, "1st", Op.EQ, 2)),
        ("params.lr = '0.1'", Condition(Entity.PARAM, "lr", Op.EQ, "0.1")),
        ('parameters.lr != "0.1"', Condition(Entity.PARAM, "lr", Op.NE, "0.1")),
        ("params.weight-decay like 'a%'", Condition(Entity.PARAM, "weight-decay", Op.LIKE, "a%")),
        ("params.x IS NULL", Condition(Entity.PARAM, "x", Op.IS_NULL, None)),
        ("tags.x is not null", Condition(Entity.TAG, "x", Op.IS_NOT_NULL, None)),
        ("tags.mlflow.source.name iLike '%.PY'", Condition(Entity.TAG, "mlflow.source.name", Op.ILIKE, "%.PY")),
        ("tag.note = 'it''s'", Condition(Entity.TAG, "note", Op.EQ, "it's")),
        ("tags.a = 'x AND y'", Condition(Entity.TAG, "a", Op.EQ, "x AND y")),
        ("run_name = 'n'", Condition(Entity.ATTRIBUTE, "run_name", Op.EQ, "n")),
        ("attributes.`Run Name` = 'n'", Condition(Entity.ATTRIBUTE, "run_name", Op.EQ, "n")),
        ('"run name" = "n"', Condition(Entity.ATTRIBUTE, "run_name", Op.EQ, "n")),
        ("attr.created > 5", Condition(Entity.ATTRIBUTE, "start_time", Op.GT, 5)),
        ("run.run_id IN ('a', 'b')", Condition(Entity.ATTRIBUTE, "run_id", Op.IN, ("a", "b"))),
        ("attribute.run_id not in ('a',)", Condition(Entity.ATTRIBUTE, "run_id", Op.NOT_IN, ("a",))),
        ("dataset.name = 'd'", Condition(Entity.DATASET, "name", Op.EQ, "d")),
        ('datasets.context IN ("train")', Condition(Entity.DATASET, "context", Op.IN, ("train",))),
    ],
)
def test_a_clause_for_runs(text: str, expected: Condition) -> None:
    assert parse_filter(text, RUNS) == (expected,)


def test_clauses_are_joined_by_and() -> None:
    found = parse_filter("metrics.a > 1 AND params.b = 'x' and tags.c LIKE 'y%'", RUNS)
    assert [(item.entity, item.key) for item in found] == [
        (Entity.METRIC, "a"),
        (Entity.PARAM, "b"),
        (Entity.TAG, "c"),
    ]


@pytest.mark.parametrize(
    ("text", "statuses"),
    [
        ("status = 'FINISHED'", {RunStatus.COMPLETED}),
        ("attributes.status = 'Completed'", {RunStatus.COMPLETED}),
        ("status ILIKE 'sched%'", {s for s, name in MLFLOW_STATUS.items() if name == "SCHEDULED"}),
        ("status != 'KILLED'", {s for s, name in MLFLOW_STATUS.items() if name != "KILLED"}),
        ("status = 'no such'", set()),
    ],
)
def test_status_selects_the_states_it_stands_for(text: str, statuses: set[RunStatus]) -> None:
    (condition,) = parse_filter(text, RUNS)
    assert condition.op is Op.IN
    assert isinstance(condition.value, tuple)
    assert set(condition.value) == {status.value for status in statuses}


@pytest.mark.parametrize(
    ("grammar", "text"),
    [
        (EXPERIMENTS, "name LIKE 'a%'"),
        (EXPERIMENTS, "attribute.creation_time > 5 AND tags.x IS NULL"),
        (EXPERIMENTS, "experiment_id IN ('1', '2')"),
        (REGISTERED_MODELS, "name ILIKE '%a%' AND tags.`x y` = '1'"),
        (REGISTERED_MODELS, "name IN ('a')"),
        (MODEL_VERSIONS, "run_id IN ('a', 'b') AND version_number > 3 AND source_path = 's'"),
        (LOGGED_MODELS, "source_run_id = 'r' AND metrics.a > 1 AND params.p = '1' AND last_updated_time > 5"),
        (LOGGED_MODELS, "model_id NOT IN ('m-1') AND attributes.status = 'READY'"),
    ],
)
def test_other_nouns(grammar: Grammar, text: str) -> None:
    assert len(parse_filter(text, grammar)) == text.count(" AND ") + 1


@pytest.mark.parametrize(
    ("grammar", "text", "named"),
    [
        (RUNS, "metrics.a > 1 OR metrics.b > 1", "'OR metrics.b > 1'"),
        (RUNS, "metrics.a > 1;", "';'"),
        (RUNS, "metrics.a > 1 AND", "its end"),
        (RUNS, "(metrics.a > 1)", "'(metrics.a > 1)'"),
        (RUNS, "metrics.a > '1'", "not a number"),
        (RUNS, "metrics.a > 1x", "'1x'"),
        (RUNS, "metrics.a LIKE 'x'", "uses LIKE"),
        (RUNS, "metrics.a IS NULL", "uses IS NULL"),
        (RUNS, "params.a = 1", "not a quoted string"),
        (RUNS, "params.a > '1'", "uses >"),
        (RUNS, "params.a IN ('1')", "uses IN"),
        (RUNS, "params.a = 'open", "'open"),
        (RUNS, "start_time LIKE '1'", "uses LIKE"),
        (RUNS, "colour = 'red'", "'colour'"),
        (RUNS, "things.a = 'red'", "'things'"),
        (RUNS, "dataset.size = 'x'", "'size'"),
        (RUNS, "metrics. > 1", "names no key"),
        (RUNS, "run_id IN ()", "quoted string in a list"),
        (RUNS, "run_id IN ('a' 'b')", "goes on with"),
        (RUNS, "run_id IN 'a'", "not a list"),
        (RUNS, "run_id NOT LIKE 'a'", "not a comparison"),
        (RUNS, "tags.a IS 'b'", "not a comparison"),
        (RUNS, "1 = 1", "does not begin with"),
        (EXPERIMENTS, "metrics.a > 1", "metric"),
        (EXPERIMENTS, "dataset.name = 'x'", "dataset"),
        (REGISTERED_MODELS, "params.a = 'x'", "param"),
        (MODEL_VERSIONS, "version_number = '1'", "not a number"),
        (LOGGED_MODELS, "params.a IS NULL", "uses IS NULL"),
    ],
)
def test_a_fault_names_its_clause(grammar: Grammar, text: str, named: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_filter(text, grammar)
    assert named in caught.value.message


@pytest.mark.parametrize(
    ("grammar", "clause", "expected"),
    [
        (RUNS, "metrics.acc DESC", OrderKey(Entity.METRIC, "acc", True)),
        (RUNS, "metrics.`val loss` asc", OrderKey(Entity.METRIC, "val loss", False)),
        (RUNS, 'params."a.b"', OrderKey(Entity.PARAM, "a.b", False)),
        (RUNS, "start_time   desc", OrderKey(Entity.ATTRIBUTE, "start_time", True)),
        (RUNS, "attributes.Created", OrderKey(Entity.ATTRIBUTE, "start_time", False)),
        (RUNS, "tags.mlflow.user", OrderKey(Entity.TAG, "mlflow.user", False)),
        (EXPERIMENTS, "experiment_id", OrderKey(Entity.ATTRIBUTE, "experiment_id", False)),
        (REGISTERED_MODELS, "timestamp DESC", OrderKey(Entity.ATTRIBUTE, "last_updated_timestamp", True)),
        (MODEL_VERSIONS, "version_number DESC", OrderKey(Entity.ATTRIBUTE, "version_number", True)),
    ],
)
def test_an_ordering(grammar: Grammar, clause: str, expected: OrderKey) -> None:
    assert parse_order_by([clause], grammar) == (expected,)


@pytest.mark.parametrize(
    ("grammar", "clauses"),
    [
        (RUNS, ["metrics.a UP"]),
        (RUNS, ["colour"]),
        (RUNS, [""]),
        (RUNS, ["dataset.name"]),
        (RUNS, ["start_time", "Created DESC"]),
        (RUNS, ["metrics.a, metrics.b"]),
        (EXPERIMENTS, ["tags.a"]),
        (REGISTERED_MODELS, ["metrics.a"]),
        (MODEL_VERSIONS, ["run_id"]),
    ],
)
def test_a_bad_ordering_names_its_clause(grammar: Grammar, clauses: list[str]) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_order_by(clauses, grammar)
    assert "order_by" in caught.value.message


def test_a_logged_model_is_ordered_by_a_metric_on_a_dataset() -> None:
    key = order_key("metrics.acc", LOGGED_MODELS, descending=True, dataset_name="d", dataset_digest="1")
    assert key == OrderKey(Entity.METRIC, "acc", True, "d", "1")


def test_like_is_any_text_and_one_character() -> None:
    assert like_pattern("a%_").fullmatch("a.bc")
    assert not like_pattern("a_").fullmatch("abc")
    assert not like_pattern("A%").fullmatch("abc")
    assert like_pattern("A%", ignore_case=True).fullmatch("abc")


def test_a_filter_knows_which_tags_it_names() -> None:
    found = parse_filter("tags.`x` = '1' AND name = 'y'", REGISTERED_MODELS)
    assert names_tag(found, "x")
    assert not names_tag(found, "name")


_KEYS = st.text(st.characters(exclude_characters="`", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
_VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(key=_KEYS, value=_VALUES, single=st.booleans())
def test_every_key_and_text_can_be_written(key: str, value: str, single: bool) -> None:
    quote = "'" if single else '"'
    text = f"tags.`{key}` = {quote}{value.replace(quote, quote * 2)}{quote}"
    assert parse_filter(text, RUNS) == (Condition(Entity.TAG, key, Op.EQ, value),)


@given(st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)))
def test_every_number_can_be_written(value: float) -> None:
    (condition,) = parse_filter(f"metrics.m = {value!r}", RUNS)
    assert condition.value == float(value)


_OPS = {
    Op.GT: operator.gt,
    Op.GE: operator.ge,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
}
_WHOLE = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([0, 1, 2, -1, -2, 2**63 - 1, -(2**63)])
_ANY = (
    st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([1.5, -1.5, 2**63, 1e19])
)


@given(_WHOLE, st.sampled_from(list(_OPS)), _ANY)
def test_a_time_is_compared_with_any_number_by_whole_ones_of_64_bits(time: int, op: Op, other: float) -> None:
    (condition,) = parse_filter(f"start_time {op.value} {other!r}", RUNS)
    assert isinstance(condition.value, int)
    assert -(2**63) <= condition.value < 2**63
    assert _OPS[condition.op](time, condition.value) == _OPS[op](time, other)


@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused_with_a_sentence(text: str) -> None:
    for grammar in (RUNS, EXPERIMENTS, REGISTERED_MODELS, MODEL_VERSIONS, LOGGED_MODELS):
        try:
            parse_filter(text, grammar)
        except InvalidValue as error:
            assert grammar.noun in error.message or "names no key" in error.message  # noqa: PT017
