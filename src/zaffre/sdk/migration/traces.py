"""One trace: what it is, its spans, what was said about it, and the files that its spans name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from zaffre.core import imports
from zaffre.core.entities import Json
from zaffre.core.trace_wire import TraceAnswer
from zaffre.core.traces import (
    LOCATION_TAG,
    NAME_TAG,
    SPANS_TAG,
    Assessment,
    AssessmentError,
    Span,
    SpanEvent,
    SpanLink,
)
from zaffre.core.wire import number_to_wire
from zaffre.sdk.migration.source import SPANS_FILE, Source
from zaffre.sdk.migration.tally import Counted, Tally
from zaffre.sdk.migration.target import Target
from zaffre.sdk.migration.watch import Watch

if TYPE_CHECKING:
    from mlflow.entities import TraceInfo

# Where the source keeps things is not where this server does.
_OF_THE_PLACE: Final = (LOCATION_TAG, SPANS_TAG, "mlflow.trace.archiveLocation", "mlflow.trace.archivalFailure")
_ATTACHMENT: Final = "mlflow-attachment://"
_STATUSES: Final = ("UNSET", "OK", "ERROR")


class TraceCopy:
    """Copies traces one by one; threads may share it."""

    def __init__(self, source: Source, target: Target, tally: Tally, watch: Watch) -> None:
        self._source = source
        self._target = target
        self._tally = tally
        self._watch = watch

    def copy(self, info: TraceInfo, experiment: str) -> None:
        """A trace that is there already as it is here is only counted. Raises ``AlreadyExists`` for another."""
        read: Sequence[Any] = self._source.spans(info)
        spans = [span_of(one, info.trace_id) for one in read]
        given = _given(info, experiment)
        files = self._attachments(info) if any(_ATTACHMENT in repr(span.attributes) for span in spans) else []
        source = {
            "traces": 1,
            "spans": len(spans),
            "tags": len(given.tags),
            "trace metadata": len(given.metadata),
            "assessments": len(given.assessments),
        }
        there = self._target.trace(info.trace_id)
        if there is None or not _is_same(there, given) or _counts(there, given) != source:
            self._target.put_trace(info.trace_id, given, spans)
            there = self._target.trace(info.trace_id)
        if there is not None and files:
            self._send(info, there.trace.experiment_id, files)
        self._tally.add(f"trace {info.trace_id}", Counted(source, _counts(there, given) if there else {}))
        self._watch.done()

    def _attachments(self, info: TraceInfo) -> list[str]:
        listed = self._source.files(info.tags[LOCATION_TAG]).listing() if LOCATION_TAG in info.tags else []
        return [file.path for file in listed if file.path != SPANS_FILE]

    def _send(self, info: TraceInfo, experiment_id: int, paths: Sequence[str]) -> None:
        files = self._source.files(info.tags[LOCATION_TAG])
        for path in paths:
            with files.fetched(path) as local:
                self._target.put_trace_file(experiment_id, info.trace_id, path, local)


def _given(info: TraceInfo, experiment: str) -> imports.TraceImport:
    return imports.TraceImport(
        experiment=experiment,
        status=str(getattr(info.state, "value", info.state)),
        start_time=int(info.request_time),
        duration_ms=None if info.execution_duration is None else int(info.execution_duration),
        client_request_id=info.client_request_id,
        request_preview=info.request_preview,
        response_preview=info.response_preview,
        tags={key: value for key, value in info.tags.items() if key not in _OF_THE_PLACE},
        metadata=dict(info.trace_metadata),
        assessments=[_assessment(one, info) for one in info.assessments or []],
    )


def _is_same(there: TraceAnswer, given: imports.TraceImport) -> bool:
    trace = there.trace
    said = {one.id: (one.value, one.valid, one.rationale) for one in trace.assessments}
    return (trace.status, trace.duration_ms) == (given.status, given.duration_ms) and all(
        said.get(one.id) == (one.value, one.valid, one.rationale) for one in given.assessments
    )


def _counts(there: TraceAnswer, given: imports.TraceImport) -> dict[str, int]:
    """What the target has of the trace."""
    trace = there.trace
    tags = {**trace.tags, **({} if trace.name is None else {NAME_TAG: trace.name})}
    ids = {one.id for one in trace.assessments}
    return {
        "traces": 1,
        "spans": len(there.spans),
        "tags": sum(1 for key, value in given.tags.items() if tags.get(key) == value),
        "trace metadata": sum(1 for key, value in given.metadata.items() if trace.metadata.get(key) == value),
        "assessments": len([one for one in given.assessments if one.id in ids]),
    }


def span_of(given: Any, trace_id: str) -> Span:
    """A span of MLflow's as one of ours."""
    status = str(getattr(given.status.status_code, "value", given.status.status_code)).removeprefix("STATUS_CODE_")
    return Span(
        trace_id=trace_id,
        id=given.span_id,
        parent_id=given.parent_id or None,
        name=given.name,
        start_ns=int(given.start_time_ns),
        end_ns=int(given.end_time_ns) if given.end_time_ns else None,
        status=status if status in _STATUSES else "UNSET",
        status_message=given.status.description or "",
        attributes=_plain(given.attributes),
        events=[
            SpanEvent(name=one.name, timestamp_ns=int(one.timestamp), attributes=_plain(one.attributes or {}))
            for one in given.events or []
        ],
        links=[
            SpanLink(trace_id=one.trace_id, span_id=one.span_id, attributes=_plain(one.attributes or {}))
            for one in getattr(given, "links", None) or []
        ],
    )


def _assessment(given: Any, info: TraceInfo) -> Assessment:
    kind = next(name for name in ("feedback", "expectation", "issue") if getattr(given, name, None) is not None)
    held = getattr(given, kind)
    error = given.error or getattr(held, "error", None)
    created = int(given.create_time_ms or info.request_time)
    return Assessment(
        id=given.assessment_id,
        trace_id=info.trace_id,
        name=given.name,
        kind=kind,
        value=_plain(held.issue_name if kind == "issue" else held.value),
        error=None
        if error is None
        else AssessmentError(
            error_code=error.error_code or "",
            error_message=error.error_message or "",
            stack_trace=error.stack_trace or "",
        ),
        source_type=str(given.source.source_type),
        source_id=given.source.source_id or "",
        span_id=given.span_id or None,
        rationale=given.rationale,
        metadata=dict(given.metadata or {}),
        overrides=given.overrides or None,
        valid=given.valid is not False,
        created_at=created,
        updated_at=int(given.last_update_time_ms or created),
    )


def _plain(value: Any) -> Json:
    """A JSON value: what JSON has no number for is text, and what is no JSON is what it says of itself."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return number_to_wire(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
