"""What a filter for traces may say, and what it may not."""

from __future__ import annotations

import pytest

from zaffre.core.errors import InvalidValue
from zaffre.core.filters import Condition, Entity, Op, parse_filter, parse_order_by
from zaffre.core.trace_filters import TRACES


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("status = 'OK'", Condition(Entity.ATTRIBUTE, "status", Op.EQ, "OK")),
        ("trace.status IN ('OK', 'ERROR')", Condition(Entity.ATTRIBUTE, "status", Op.IN, ("OK", "ERROR"))),
        ("timestamp >= 5", Condition(Entity.ATTRIBUTE, "timestamp_ms", Op.GE, 5)),
        ("attributes.execution_time_ms < 1.5", Condition(Entity.ATTRIBUTE, "execution_time_ms", Op.LE, 1)),
        ("name RLIKE '^a.b$'", Condition(Entity.ATTRIBUTE, "name", Op.RLIKE, "^a.b$")),
        ("tags.`a b` IS NOT NULL", Condition(Entity.TAG, "a b", Op.IS_NOT_NULL, None)),
        ("metadata.mlflow.user = 'u'", Condition(Entity.METADATA, "mlflow.user", Op.EQ, "u")),
        ("request_metadata.k LIKE '%'", Condition(Entity.METADATA, "k", Op.LIKE, "%")),
        ("span.type NOT IN ('LLM')", Condition(Entity.SPAN, "type", Op.NOT_IN, ("LLM",))),
        ("span.attributes.a.b = 'c'", Condition(Entity.SPAN, "attributes.a.b", Op.EQ, "c")),
        ("span.attributes.`a b` = 'c'", Condition(Entity.SPAN, "attributes.a b", Op.EQ, "c")),
        ("span.content ILIKE '%x%'", Condition(Entity.SPAN, "content", Op.ILIKE, "%x%")),
        ("text LIKE '%x%'", Condition(Entity.ATTRIBUTE, "text", Op.LIKE, "%x%")),
        ("feedback.good > 0.5", Condition(Entity.FEEDBACK, "good", Op.GT, 0.5)),
        ("feedback.good = 'yes'", Condition(Entity.FEEDBACK, "good", Op.EQ, "yes")),
        ("expectation.want IS NULL", Condition(Entity.EXPECTATION, "want", Op.IS_NULL, None)),
        ("prompt = 'p/1'", Condition(Entity.ATTRIBUTE, "prompt", Op.EQ, "p/1")),
        ("issue.id = 'i-1'", Condition(Entity.ISSUE, "id", Op.EQ, "i-1")),
    ],
)
def test_what_a_clause_says(text: str, condition: Condition) -> None:
    assert parse_filter(text, TRACES) == (condition,)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("metric.x > 1", "not something that traces have"),
        ("color = 'blue'", "Invalid attribute key 'color'"),
        ("status > 'OK'", "takes only"),
        ("timestamp = 'now'", "is not a number"),
        ("prompt LIKE 'p%'", "takes only ="),
        ("span.color = 'x'", "Invalid span key 'color'"),
        ("span.attributes. = 'x'", "Invalid span key"),
        ("span.content = 'x'", "takes only LIKE, ILIKE"),
        ("feedback.good > 'x'", "is not a number"),
        ("feedback.good = 5", "is not a quoted string"),
        ("issue.name = 'x'", "Invalid issue key"),
        ("name RLIKE '(a'", "is not a regular expression"),
        ("name RLIKE '(a+)+b'", "repeats what is repeated"),
        ("name RLIKE '(?:a*)*b'", "repeats what is repeated"),
        (f"name RLIKE '{'a' * 1001}'", "longer than 1000"),
        ("status = 'OK' OR status = 'ERROR'", "AND or the end is expected"),
    ],
)
def test_what_is_no_clause(text: str, why: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_filter(text, TRACES)
    assert why in caught.value.message


def test_what_traces_are_ordered_by() -> None:
    keys = parse_order_by(["timestamp DESC", "tags.`a b`", "metadata.k", "experiment_id", "run_id"], TRACES)
    assert [(key.entity.value, key.key, key.descending) for key in keys] == [
        ("attribute", "timestamp_ms", True),
        ("tag", "a b", False),
        ("metadata", "k", False),
        ("attribute", "experiment_id", False),
        ("attribute", "run_id", False),
    ]
    for wrong in ("span.name", "feedback.x", "text", "prompt", "client_request_id"):
        with pytest.raises(InvalidValue, match="order_by"):
            parse_order_by([wrong], TRACES)
