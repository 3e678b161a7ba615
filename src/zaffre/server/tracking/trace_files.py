"""The files of traces: the spans of clients that send them as a file (MLflow before 3.4), and attachments."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Final

from zaffre.core import codec
from zaffre.core.entities import Json
from zaffre.core.errors import InvalidValue, NotFound
from zaffre.core.span_attributes import plain
from zaffre.core.traces import ERROR, OK, Span, SpanEvent, Trace
from zaffre.server.artifacts import roots
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.tracking.traces import TraceActs

SPANS_FILE: Final = "traces.json"
MOST_BYTES: Final = 64 * 1024 * 1024  # a greater file is not read into memory
_CODES: Final = {"STATUS_CODE_OK": OK, "STATUS_CODE_ERROR": ERROR, "OK": OK, "ERROR": ERROR}


def get(acts: TraceActs, artifacts: ArtifactStore, ws: str, trace_id: str) -> tuple[Trace, list[Span]]:
    """A trace with its spans, from the store or else from its file. Raises ``NotFound``."""
    found = acts.get_traces_with_spans(ws, [trace_id])
    if not found:
        return acts.get_trace(ws, trace_id), []
    trace, spans = found[0]
    return trace, spans or _spans_of_file(artifacts, trace)


def delete(
    acts: TraceActs,
    artifacts: ArtifactStore,
    ws: str,
    experiment_id: int,
    *,
    until: int | None = None,
    ids: Sequence[str] = (),
    limit: int | None = None,
) -> int:
    """Delete traces as ``TraceActs.delete_traces`` does, and their files; how many there were."""
    gone = acts.delete_traces(ws, experiment_id, until=until, ids=ids, limit=limit)
    for trace_id in gone:
        artifacts.delete_root(roots.trace(ws, trace_id))
    return len(gone)


def _spans_of_file(artifacts: ArtifactStore, trace: Trace) -> list[Span]:
    root = roots.trace(trace.workspace, trace.id)
    try:
        if (artifacts.info(root, SPANS_FILE).size or 0) > MOST_BYTES:
            return []
        data = b"".join(artifacts.read(root, SPANS_FILE))
    except NotFound:
        return []
    return spans_of(data, trace.id)


def spans_of(data: bytes, trace_id: str) -> list[Span]:
    """The spans in a file as MLflow's clients write it, of either generation. One that cannot be read has none."""
    try:
        given = codec.decode(data, dict)
        found = [
            _new(span, trace_id) if "start_time_unix_nano" in span else _old(span, trace_id) for span in given["spans"]
        ]
    except (InvalidValue, KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        return []
    return sorted(found, key=lambda span: (span.parent_id is not None, span.start_ns))


def _new(given: dict[str, Any], trace_id: str) -> Span:
    """MLflow 3: OpenTelemetry's names, ids in base64, attributes as JSON in text."""
    status = given.get("status") or {}
    events = [
        SpanEvent(name=item["name"], timestamp_ns=int(item["time_unix_nano"]), attributes=item.get("attributes") or {})
        for item in given.get("events") or []
    ]
    return Span(
        trace_id=trace_id,
        id=base64.b64decode(given["span_id"]).hex(),
        parent_id=base64.b64decode(given.get("parent_span_id") or "").hex() or None,
        name=given["name"],
        start_ns=int(given["start_time_unix_nano"]),
        end_ns=int(given.get("end_time_unix_nano") or 0) or None,
        status=_CODES.get(status.get("code", ""), "UNSET"),
        status_message=status.get("message") or "",
        attributes=_attributes(given),
        events=events,
    )


def _old(given: dict[str, Any], trace_id: str) -> Span:
    """MLflow 2: its own names, ids as hexadecimal numbers."""
    events = [
        SpanEvent(
            name=item["name"], timestamp_ns=int(item["timestamp"]) * 1000, attributes=item.get("attributes") or {}
        )
        for item in given.get("events") or []
    ]
    parent = given.get("parent_id")
    return Span(
        trace_id=trace_id,
        id=_hexadecimal(given["context"]["span_id"]),
        parent_id=_hexadecimal(parent) if parent else None,
        name=given["name"],
        start_ns=int(given["start_time"]),
        end_ns=int(given["end_time"]) if given.get("end_time") else None,
        status=_CODES.get(given.get("status_code", ""), "UNSET"),
        status_message=given.get("status_message") or "",
        attributes=_attributes(given),
        events=events,
    )


def _attributes(given: dict[str, Any]) -> dict[str, Json]:
    return {key: plain(value) for key, value in (given.get("attributes") or {}).items()}


def _hexadecimal(number: str) -> str:
    return f"{int(number, 16):016x}"
