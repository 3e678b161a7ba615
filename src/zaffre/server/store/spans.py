"""Spans: what is searched for in narrow rows, everything else in one JSON text a span."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, select

from zaffre.core.entities import Json
from zaffre.core.span_attributes import COSTS, Facts, facts
from zaffre.core.traces import Span, SpanEvent, SpanLink
from zaffre.server.store import dialect
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.schema import span_contents, spans

_KEY = ("trace_pk", "id")
_COLUMNS = (
    *("parent_id", "name", "type", "status", "start_ns", "end_ns"),
    *("model_name", "model_provider", "input_cost", "output_cost", "total_cost"),
)


class _Content(msgspec.Struct, omit_defaults=True):
    """A span, but for what stands in columns. Text is not escaped beyond need: searches look for it here."""

    attributes: dict[str, Json] = {}
    events: list[SpanEvent] = []
    links: list[SpanLink] = []
    status_message: str = ""
    kind: int = 0
    usage: dict[str, int] = {}


_decoder = msgspec.json.Decoder(_Content)
_put = Prepared(lambda used: dialect.upsert(used, spans, _KEY, _COLUMNS), (*_KEY, *_COLUMNS))
_put_content = Prepared(lambda used: dialect.upsert(used, span_contents, _KEY, ("content",)), (*_KEY, "content"))
_of_traces = Prepared(
    lambda used: (
        select(
            spans.c.trace_pk,
            spans.c.id,
            spans.c.parent_id,
            spans.c.name,
            spans.c.status,
            spans.c.start_ns,
            spans.c.end_ns,
            span_contents.c.content,
        )
        .join(span_contents, (span_contents.c.trace_pk == spans.c.trace_pk) & (span_contents.c.id == spans.c.id))
        .where(dialect.among(used, spans.c.trace_pk, "traces"))
        .order_by(spans.c.trace_pk, spans.c.start_ns, spans.c.id)
    ),
    ("traces",),
)
_range_of = Prepared(
    select(func.min(spans.c.start_ns), func.max(spans.c.end_ns)).where(spans.c.trace_pk == bindparam("trace")),
    ("trace",),
)
_values_of = Prepared(
    select(
        spans.c.id,
        spans.c.parent_id,
        spans.c.input_cost,
        spans.c.output_cost,
        spans.c.total_cost,
        span_contents.c.content,
    )
    .join(span_contents, (span_contents.c.trace_pk == spans.c.trace_pk) & (span_contents.c.id == spans.c.id))
    .where(spans.c.trace_pk == bindparam("trace")),
    ("trace",),
)
Values = tuple[str, str | None, dict[str, Any]]  # a span's id, its parent's, and numbers by name


def put(connection: Connection, trace_pk: int, given: Iterable[Span]) -> None:
    """Add spans; one that is there already is replaced, so that a span may be sent twice, or again when it ended."""
    told = [(span, facts(span)) for span in given]
    _put.many(connection, [_row(trace_pk, span, said) for span, said in told])
    _put_content.many(connection, [(trace_pk, span.id, _content(span, said)) for span, said in told])


def _row(trace_pk: int, span: Span, said: Facts) -> tuple[Any, ...]:
    times = (span.start_ns, span.end_ns)
    costs = [said.cost.get(name) for name in COSTS]
    return (
        trace_pk,
        span.id,
        span.parent_id,
        span.name,
        said.type,
        span.status,
        *times,
        said.model,
        said.provider,
        *costs,
    )


def _content(span: Span, said: Facts) -> str:
    content = _Content(span.attributes, span.events, span.links, span.status_message, span.kind, said.usage)
    return msgspec.json.encode(content).decode()


def of_traces(connection: Connection, trace_ids: dict[int, str]) -> dict[int, list[Span]]:
    """The spans of each trace (row number -> id) in the order of their beginnings, roots before all others."""
    found: dict[int, list[Span]] = {pk: [] for pk in trace_ids}
    for pk, span_id, parent_id, name, status, start_ns, end_ns, content in _of_traces.all(
        connection, (dialect.many(list(trace_ids)),)
    ):
        said = _decoder.decode(content)
        span = Span(
            trace_id=trace_ids[pk],
            id=span_id,
            parent_id=parent_id,
            name=name,
            status=status,
            start_ns=start_ns,
            end_ns=end_ns,
            status_message=said.status_message,
            kind=said.kind,
            attributes=said.attributes,
            events=said.events,
            links=said.links,
        )
        found[pk].append(span)
    for listed in found.values():
        listed.sort(key=lambda span: span.parent_id is not None)
    return found


def time_range(connection: Connection, trace_pk: int) -> tuple[int, int | None]:
    """The first beginning and the last end of a trace's spans, in nanoseconds; it must have one."""
    row = _range_of.one(connection, (trace_pk,))
    assert row is not None
    return row[0], row[1]


def usage_and_cost(connection: Connection, trace_pk: int) -> tuple[list[Values], list[Values]]:
    """What each span of a trace says of tokens, and what of dollars."""
    usage: list[Values] = []
    cost: list[Values] = []
    for span_id, parent_id, *costs, content in _values_of.all(connection, (trace_pk,)):
        usage.append((span_id, parent_id, dict(_decoder.decode(content).usage)))
        given = {name: value for name, value in zip(COSTS, costs, strict=True) if value is not None}
        cost.append((span_id, parent_id, given))
    return usage, cost


def has_numbers(given: Sequence[Span]) -> bool:
    """Whether any of these says anything of tokens or dollars."""
    return any(said.usage or said.cost for said in map(facts, given))
