"""Traces: what programs that trace themselves did, step by step."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from zaffre.core.filters import parse_filter, parse_order_by
from zaffre.core.span_attributes import facts, inputs, outputs
from zaffre.core.trace_filters import TRACES
from zaffre.core.trace_wire import SpanAnswer, TraceAnswer, TracePatch
from zaffre.core.traces import INPUTS, OUTPUTS, SPAN_TYPE, Span, Trace
from zaffre.core.wire import Page
from zaffre.server.accounts.permissions import Deed
from zaffre.server.api.answers import After, Asker, Limit, answer, empty, found, workspace_router
from zaffre.server.api.parts import PartsOf
from zaffre.server.store.permissions import Kind, Thing
from zaffre.server.store.trace_search import TraceQuery
from zaffre.server.tracking import trace_files

router = workspace_router("/traces", "traces")

_PAGE = 100
_SHOWN_APART = frozenset({INPUTS, OUTPUTS, SPAN_TYPE, "mlflow.traceRequestId"})


@router.get("", response_model=Page[Trace])
def list_traces(
    ws: str,
    parts: PartsOf,
    asker: Asker,
    experiment: str | None = None,
    run: Annotated[str | None, Query(description="the id of a run: traces made in it, or linked to it")] = None,
    filter: Annotated[str | None, Query(description="MLflow's search grammar, such as `span.type = 'TOOL'`")] = None,
    order: Annotated[list[str] | None, Query(description="such as `execution_time DESC`")] = None,
    limit: Limit = None,
    after: After = None,
) -> Response:
    """The newest first unless ordered otherwise."""
    named = [] if experiment is None else [Thing(Kind.EXPERIMENT_NAME, experiment)]
    named += [] if run is None else [Thing(Kind.RUN, run)]
    parts.permissions.check(asker, ws, Deed.READ, named)
    known = None if experiment is None else parts.tracking.get_experiment_by_name(ws, experiment)
    query = TraceQuery(
        experiment_ids=None if known is None else [known.id],
        filter=parse_filter(filter, TRACES),
        order=parse_order_by(order or [], TRACES),
        run_id=run,
        hidden=parts.permissions.hidden_experiments(asker, ws),
    )
    parts.workspaces.get(ws)
    return answer(found(parts.tracking.search_traces(ws, query, limit=limit or _PAGE, after=after)))


@router.get("/{trace_id}", response_model=TraceAnswer)
def get_trace(ws: str, trace_id: str, parts: PartsOf) -> Response:
    """A trace with its spans, which are a tree by their `parent_id`."""
    trace, spans = trace_files.get(parts.tracking, parts.artifacts, ws, trace_id)
    return answer(TraceAnswer(trace=trace, spans=[_shown(span) for span in spans]))


@router.patch("/{trace_id}", response_model=Trace)
def change_trace(ws: str, trace_id: str, body: TracePatch, parts: PartsOf) -> Response:
    parts.tracking.change_trace_tags(ws, trace_id, body.tags or {}, body.remove_tags or [])
    return answer(parts.tracking.get_trace(ws, trace_id))


@router.delete("/{trace_id}", status_code=204)
def delete_trace(ws: str, trace_id: str, parts: PartsOf) -> Response:
    """Delete a trace for good, with its spans, files and assessments."""
    trace = parts.tracking.get_trace(ws, trace_id)
    trace_files.delete(parts.tracking, parts.artifacts, ws, trace.experiment_id, ids=[trace_id])
    return empty()


def _shown(span: Span) -> SpanAnswer:
    return SpanAnswer(
        id=span.id,
        parent_id=span.parent_id,
        name=span.name,
        type=facts(span).type,
        status=span.status,
        status_message=span.status_message,
        start_ns=span.start_ns,
        end_ns=span.end_ns,
        inputs=inputs(span),
        outputs=outputs(span),
        attributes={key: value for key, value in span.attributes.items() if key not in _SHOWN_APART},
        events=span.events,
        links=span.links,
    )
