"""Traces, spans and assessments as MLflow's messages. Bytes are base64, as protobuf's JSON has them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from zaffre.core.entities import Json as AnyJson
from zaffre.core.traces import ERROR, OK, Assessment, Span, SpanEvent, SpanLink, Trace
from zaffre.server.mlflow.answers import Json, pairs, without_empty
from zaffre.server.mlflow.proto_times import duration_text, moment_text

_CODES: Final = {OK: "STATUS_CODE_OK", ERROR: "STATUS_CODE_ERROR"}
_TRACE_PREFIX: Final = "tr-"
JSON_FORMAT: Final = "JSON_FORMAT"


def info(found: Trace) -> Json:
    return without_empty(
        {
            "trace_id": found.id,
            "client_request_id": found.client_request_id,
            "trace_location": {
                "type": "MLFLOW_EXPERIMENT",
                "mlflow_experiment": {"experiment_id": str(found.experiment_id)},
            },
            "request_preview": found.request_preview,
            "response_preview": found.response_preview,
            "request_time": moment_text(found.start_time),
            "execution_duration": None if found.duration_ms is None else duration_text(found.duration_ms),
            "state": found.status,
            "trace_metadata": found.metadata,
            "assessments": [assessment(item) for item in found.assessments],
            "tags": found.tags,
        }
    )


def old_info(found: Trace) -> Json:
    """As MLflow 2 clients read it."""
    return without_empty(
        {
            "request_id": found.id,
            "experiment_id": str(found.experiment_id),
            "timestamp_ms": found.start_time,
            "execution_time_ms": found.duration_ms,
            "status": "TRACE_STATUS_UNSPECIFIED" if found.status == "STATE_UNSPECIFIED" else found.status,
            "request_metadata": pairs(found.metadata),
            "tags": pairs(found.tags),
        }
    )


def trace(found: Trace, spans: Iterable[Span]) -> Json:
    return without_empty({"trace_info": info(found), "spans": [span(item) for item in spans]})


def assessment(found: Assessment) -> Json:
    source = {"source_type": found.source_type, "source_id": found.source_id or None}
    return without_empty(
        {
            "assessment_id": found.id,
            "assessment_name": found.name,
            "trace_id": found.trace_id,
            "span_id": found.span_id,
            "source": without_empty(source),
            "create_time": moment_text(found.created_at),
            "last_update_time": moment_text(found.updated_at),
            found.kind: _said(found),
            "rationale": found.rationale,
            "metadata": found.metadata or None,
            "overrides": found.overrides,
            "valid": found.valid,
        }
    )


def _said(found: Assessment) -> Json:
    if found.kind == "issue":
        return {"issue_name": found.value}
    if found.kind == "expectation" and isinstance(found.value, dict | list):
        text = json.dumps(found.value, ensure_ascii=False)
        return {"serialized_value": {"serialization_format": JSON_FORMAT, "value": text}}
    said: Json = {"value": found.value}
    if found.error is not None:
        error = found.error
        said["error"] = without_empty(
            {
                "error_code": error.error_code,
                "error_message": error.error_message,
                "stack_trace": error.stack_trace,
            }
        )
    return said


def span(found: Span) -> Json:
    """OpenTelemetry's message, in protobuf's JSON with MLflow's spelling of names and numbers."""
    return without_empty(
        {
            "trace_id": _bytes(found.trace_id.removeprefix(_TRACE_PREFIX)),
            "span_id": _bytes(found.id),
            "parent_span_id": _bytes(found.parent_id) if found.parent_id else None,
            "name": found.name,
            "kind": found.kind or None,
            "start_time_unix_nano": found.start_ns,
            "end_time_unix_nano": found.end_ns,
            "attributes": _attributes(found.attributes),
            "events": [_event(item) for item in found.events],
            "links": [_link(item) for item in found.links],
            "status": without_empty({"code": _CODES.get(found.status), "message": found.status_message}),
        }
    )


def file_of(spans: Sequence[Span]) -> Json:
    """The spans as the file that clients of MLflow 3 write: attributes are JSON in text."""
    return {
        "spans": [
            {
                "trace_id": _bytes(item.trace_id.removeprefix(_TRACE_PREFIX)),
                "span_id": _bytes(item.id),
                "parent_span_id": _bytes(item.parent_id) if item.parent_id else None,
                "name": item.name,
                "start_time_unix_nano": item.start_ns,
                "end_time_unix_nano": item.end_ns,
                "events": [
                    {"name": event.name, "time_unix_nano": event.timestamp_ns, "attributes": event.attributes}
                    for event in item.events
                ],
                "status": {"code": _CODES.get(item.status, "STATUS_CODE_UNSET"), "message": item.status_message},
                "attributes": {key: json.dumps(value, ensure_ascii=False) for key, value in item.attributes.items()},
                "links": [
                    {"trace_id": link.trace_id, "span_id": link.span_id, "attributes": link.attributes}
                    for link in item.links
                ],
            }
            for item in spans
        ]
    }


def _event(found: SpanEvent) -> Json:
    return without_empty(
        {
            "time_unix_nano": found.timestamp_ns,
            "name": found.name,
            "attributes": _attributes(found.attributes),
        }
    )


def _link(found: SpanLink) -> Json:
    return without_empty(
        {
            "trace_id": _bytes(found.trace_id.removeprefix(_TRACE_PREFIX)),
            "span_id": _bytes(found.span_id),
            "attributes": _attributes(found.attributes),
        }
    )


def _attributes(values: Mapping[str, AnyJson]) -> list[Json]:
    return [{"key": key, "value": _any(value)} for key, value in values.items()]


def _any(value: AnyJson) -> Json:
    """A JSON value as OpenTelemetry's AnyValue; null is one without a value."""
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"bool_value": value}
    if isinstance(value, str):
        return {"string_value": value}
    if isinstance(value, int):
        return {"int_value": value} if abs(value) < 2**63 else {"double_value": float(value)}
    if isinstance(value, float):
        return {"double_value": value}
    if isinstance(value, list):
        return {"array_value": {"values": [_any(item) for item in value]}}
    return {"kvlist_value": {"values": _attributes(value)}}


def _bytes(hexadecimal: str) -> str:
    try:
        return base64.b64encode(bytes.fromhex(hexadecimal)).decode()
    except ValueError:  # not an id of OpenTelemetry's: it has no place in its message
        return ""
