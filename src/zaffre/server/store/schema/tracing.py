"""Traces, their spans, and what was said about them. Why the spans stand in two tables: docs/internals/traces.md."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, UniqueConstraint
from sqlalchemy import text as sql

from zaffre.server.store.schema.columns import json, key_column, metadata, number, owner, real, text

_START = sql("substr(value, 1, 64)")  # a value may be thousands of characters long, an index holds its first ones


def _counter(name: str) -> Column[int]:
    return number(name, nullable=True)


traces = Table(
    "traces",
    metadata,
    key_column(),
    owner("workspace_pk", "workspaces.pk"),
    owner("experiment_id", "experiments.id"),
    text("id", default=None),
    text("status", default=None),
    number("start_time"),
    number("duration_ms", nullable=True),
    number("complete", default=0),  # 1: the client sent the trace itself; what its spans say does not change it
    text("name", nullable=True),
    text("client_request_id", nullable=True),
    text("request_preview", nullable=True),
    text("response_preview", nullable=True),
    text("session_id", nullable=True),
    _counter("input_tokens"),
    _counter("output_tokens"),
    _counter("total_tokens"),
    _counter("cache_read_input_tokens"),
    _counter("cache_creation_input_tokens"),
    UniqueConstraint("workspace_pk", "id"),
    Index("ix_traces_list", "experiment_id", "start_time", "id"),
    Index("ix_traces_newest", "workspace_pk", "start_time", "id"),
    sqlite_autoincrement=True,
)

trace_tags = Table(
    "trace_tags",
    metadata,
    owner("trace_pk", "traces.pk", primary_key=True),
    text("key", primary_key=True),
    text("value"),
    Index("ix_trace_tags_value", "key", _START, "trace_pk"),
    sqlite_with_rowid=False,
)

trace_metadata = Table(
    "trace_metadata",
    metadata,
    owner("trace_pk", "traces.pk", primary_key=True),
    text("key", primary_key=True),
    text("value"),
    Index("ix_trace_metadata_value", "key", _START, "trace_pk"),
    sqlite_with_rowid=False,
)

trace_runs = Table(
    "trace_runs",
    metadata,
    owner("trace_pk", "traces.pk", primary_key=True),
    text("run_id", primary_key=True),
    Index("ix_trace_runs_run", "run_id", "trace_pk"),
    sqlite_with_rowid=False,
)

trace_prompts = Table(
    "trace_prompts",
    metadata,
    owner("trace_pk", "traces.pk", primary_key=True),
    text("prompt", primary_key=True),  # "name/version"
    Index("ix_trace_prompts_prompt", "prompt", "trace_pk"),
    sqlite_with_rowid=False,
)

# What searches and metrics ask of a span.
spans = Table(
    "spans",
    metadata,
    owner("trace_pk", "traces.pk", primary_key=True),
    text("id", primary_key=True),
    text("parent_id", nullable=True),
    text("name", default=None),
    text("type"),
    text("status"),
    number("start_ns"),
    number("end_ns", nullable=True),
    text("model_name", nullable=True),
    text("model_provider", nullable=True),
    real("input_cost"),
    real("output_cost"),
    real("total_cost"),
    Index("ix_spans_name", "name", "trace_pk"),
    sqlite_with_rowid=False,
)

# Everything else about it, as one JSON object: status_message, kind, attributes, events, links.
span_contents = Table(
    "span_contents",
    metadata,
    owner("trace_pk", "traces.pk", primary_key=True),
    text("id", primary_key=True),
    text("content", default=None),
)

assessments = Table(
    "assessments",
    metadata,
    owner("trace_pk", "traces.pk", primary_key=True),
    text("id", primary_key=True),
    text("name", default=None),
    text("kind", default=None),  # feedback, expectation, issue
    text("value"),  # JSON
    real("number"),  # the value where it is one, and 1 or 0 for true, false, "yes", "no"
    number("is_number", default=0),  # 1: the value itself is a number
    json("error"),
    text("source_type"),
    text("source_id"),
    text("span_id", nullable=True),
    text("rationale", nullable=True),
    json("metadata"),
    text("overrides", nullable=True),
    number("valid", default=1),
    number("created_at"),
    number("updated_at"),
    Index("ix_assessments_name", "name", "trace_pk"),
    sqlite_with_rowid=False,
)
