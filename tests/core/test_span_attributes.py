"""What is read out of a span's attributes."""

from __future__ import annotations

from typing import Any

import pytest

from zaffre.core.span_attributes import facts, inputs, outputs, token_usage, total
from zaffre.core.traces import Span


def span(**attributes: Any) -> Span:
    return Span(trace_id="tr-1", id="1" * 16, name="s", start_ns=0, attributes=attributes)


def named(attributes: dict[str, Any]) -> Span:
    return Span(trace_id="tr-1", id="1" * 16, name="s", start_ns=0, attributes=attributes)


def test_a_span_says_what_it_is_in_mlflows_words_first() -> None:
    said = facts(
        named(
            {
                "mlflow.spanType": "TOOL",
                "gen_ai.operation.name": "chat",
                "mlflow.llm.model": "m",
                "gen_ai.request.model": "n",
                "mlflow.chat.tokenUsage": {"input_tokens": 1, "total_tokens": 2, "other": 3},
                "gen_ai.usage.input_tokens": 9,
                "mlflow.llm.cost": {"input_cost": 0.5, "total_cost": float("nan")},
            }
        )
    )
    assert (said.type, said.model, said.usage) == ("TOOL", "m", {"input_tokens": 1, "total_tokens": 2})
    assert said.cost == {"input_cost": 0.5}


def test_else_in_those_of_opentelemetry() -> None:
    said = facts(
        named(
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.request.model": "n",
                "gen_ai.provider.name": "p",
                "gen_ai.usage.output_tokens": 4,
            }
        )
    )
    assert (said.type, said.model, said.provider) == ("TOOL", "n", "p")
    assert said.usage == {"input_tokens": 0, "output_tokens": 4, "total_tokens": 4}
    assert facts(span()).type == "UNKNOWN"


def test_values_that_came_as_text_are_what_the_text_holds() -> None:
    one = named({"mlflow.spanType": '"LLM"', "mlflow.spanInputs": '{"x": 1}', "mlflow.spanOutputs": "plain"})
    assert (facts(one).type, inputs(one), outputs(one)) == ("LLM", {"x": 1}, "plain")


@pytest.mark.parametrize("value", [None, 5, "x", [], {"input_tokens": "many"}, {"input_tokens": True}])
def test_what_is_no_usage_counts_nothing(value: Any) -> None:
    assert token_usage(value) == {}


def test_a_spans_numbers_stand_for_all_below_it() -> None:
    spans: list[tuple[str, str | None, dict[str, float]]] = [
        ("root", None, {}),
        ("agent", "root", {"n": 10}),
        ("call", "agent", {"n": 4}),
        ("deep", "call", {"n": 4}),
        ("other", "root", {"n": 1}),
        ("lost", "not there", {"n": 100}),
    ]
    assert total(spans) == {"n": 111}
    assert total(reversed(spans)) == {"n": 111}
    assert total([("a", "b", {"n": 1}), ("b", "a", {"n": 1})]) in ({}, {"n": 1}, {"n": 2})  # a ring ends, too
