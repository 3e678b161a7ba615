"""What a span's attributes say: MLflow's own names first, then those of OpenTelemetry's conventions for generative AI.

Values come as JSON of their kind, or, from programs that export MLflow's spans by OpenTelemetry, as text that holds it.
(The conventions: opentelemetry.io/docs/specs/semconv/gen-ai.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from zaffre.core.entities import Json
from zaffre.core.traces import INPUTS, OUTPUTS, SPAN_TYPE, Span

TAG_PREFIX: Final = "mlflow.traceTag."  # a tag of the trace, on its root span
TOKENS: Final = (
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
)
COSTS: Final = ("input_cost", "output_cost", "total_cost")
UNKNOWN: Final = "UNKNOWN"  # the type of a span that has none
_OPERATIONS: Final = {
    "chat": "CHAT_MODEL",
    "generate_content": "LLM",
    "text_completion": "LLM",
    "embeddings": "EMBEDDING",
    "execute_tool": "TOOL",
    "create_agent": "AGENT",
    "invoke_agent": "AGENT",
}
_MODEL_LENGTH: Final = 250


@dataclass(frozen=True, slots=True)
class Facts:
    """What is searched for and added up."""

    type: str
    model: str | None
    provider: str | None
    usage: dict[str, int]  # tokens, by the names in TOKENS
    cost: dict[str, float]  # US dollars, by the names in COSTS


def facts(span: Span) -> Facts:
    has = span.attributes
    model = first(has, "mlflow.llm.model", "gen_ai.response.model", "gen_ai.request.model")
    provider = first(has, "mlflow.llm.provider", "gen_ai.provider.name", "gen_ai.system")
    return Facts(
        type=_type(has),
        model=model[:_MODEL_LENGTH] if isinstance(model, str) else None,
        provider=provider[:_MODEL_LENGTH] if isinstance(provider, str) else None,
        usage=_usage(has),
        cost=_numbers(plain(has.get("mlflow.llm.cost")), COSTS, real_number),
    )


def inputs(span: Span) -> Json:
    return first(span.attributes, INPUTS, "gen_ai.input.messages", "gen_ai.tool.call.arguments")


def outputs(span: Span) -> Json:
    return first(span.attributes, OUTPUTS, "gen_ai.output.messages", "gen_ai.tool.call.result")


def plain(value: Json) -> Json:
    """The value, or what the text that it is holds as JSON."""
    if isinstance(value, str):
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return value
    return value


def first(has: Mapping[str, Json], *names: str) -> Json:
    """The value under the first of ``names`` that is there."""
    return next((plain(has[name]) for name in names if has.get(name) is not None), None)


def whole_number(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 2**63 else None


def real_number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def token_usage(value: Json) -> dict[str, int]:
    """The counts of tokens in an object, or in the text of one."""
    return _numbers(plain(value), TOKENS, whole_number)


def total(spans: Iterable[tuple[str, str | None, Mapping[str, float]]]) -> dict[str, float]:
    """Sums over the spans (id, parent's id, values) of a trace. A span's values are those of all below it, too: where
    it has some, theirs are not added again.
    """
    given = {span_id: (parent_id, values) for span_id, parent_id, values in spans}
    covered: dict[str, bool] = {}  # whether a span, or one above it, has values
    sums: dict[str, float] = {}
    for parent_id, values in given.values():
        if values and not _covered(parent_id, given, covered):
            for name, value in values.items():
                sums[name] = sums.get(name, 0) + value
    return sums


def _covered(
    span_id: str | None, given: Mapping[str, tuple[str | None, Mapping[str, float]]], covered: dict[str, bool]
) -> bool:
    path: list[str] = []
    found = False
    while span_id is not None and span_id in given and span_id not in path:
        if span_id in covered:
            found = covered[span_id]
            break
        path.append(span_id)
        parent_id, values = given[span_id]
        if values:
            found = True
            break
        span_id = parent_id
    covered.update(dict.fromkeys(path, found))
    return found


def _type(has: Mapping[str, Json]) -> str:
    named = plain(has.get(SPAN_TYPE))
    if isinstance(named, str) and named:
        return named
    operation = has.get("gen_ai.operation.name")
    return _OPERATIONS.get(operation, UNKNOWN) if isinstance(operation, str) else UNKNOWN


def _usage(has: Mapping[str, Json]) -> dict[str, int]:
    own = token_usage(has.get("mlflow.chat.tokenUsage"))
    if own:
        return own
    read = whole_number(has.get("gen_ai.usage.input_tokens"))
    written = whole_number(has.get("gen_ai.usage.output_tokens"))
    if read is None and written is None:
        return {}
    return {"input_tokens": read or 0, "output_tokens": written or 0, "total_tokens": (read or 0) + (written or 0)}


def _numbers(value: Json, names: Iterable[str], number: Callable[[Any], Any]) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    return {name: kept for name in names if (kept := number(value.get(name))) is not None}
