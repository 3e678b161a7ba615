"""Spans by OpenTelemetry's protocol over HTTP: ``POST /v1/traces``, in protobuf or JSON, gzipped or not.

(opentelemetry.io/docs/specs/otlp.) The experiment comes in the header ``x-mlflow-experiment-id``, a run to link the
traces to in ``x-mlflow-run-id``. All spans of a request are recorded, or none of them.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from zaffre.core import limits
from zaffre.core.entities import Json
from zaffre.core.errors import InvalidValue, NotFound, TooLarge
from zaffre.core.traces import Span, SpanEvent, SpanLink
from zaffre.core.wire import number_to_wire
from zaffre.server.accounts.permissions import Deed
from zaffre.server.mlflow.door import Transfer
from zaffre.server.mlflow.errors import BadRequest, render
from zaffre.server.mlflow.permits import experiment
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.store.permissions import Kind, Thing
from zaffre.server.tracking.trace_summary import text
from zaffre.server.tracking.traces import GivenSpans

EXPERIMENT_HEADER: Final = "x-mlflow-experiment-id"
RUN_HEADER: Final = "x-mlflow-run-id"
MOST_BYTES: Final = 128 * limits.MIB  # of a body, unpacked
_PROTOBUF: Final = "application/x-protobuf"
_JSON: Final = "application/json"
_STATUSES: Final = ("UNSET", "OK", "ERROR")
_NOT_TAGS: Final = ("telemetry.sdk.", "mlflow.")
_DEEPEST: Final = 100  # lists and maps within each other in one attribute


async def export(rooms: Rooms, request: Request, rest: str) -> Response:
    if rest:
        raise NotFound(f"There is nothing at {request.url.path}. Spans go to /v1/traces.")
    kind = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
    if kind not in (_PROTOBUF, _JSON):
        raise BadRequest(f"Invalid Content-Type: {kind or 'none'}. Expected: {_PROTOBUF} or {_JSON}.")
    named = request.headers.get(EXPERIMENT_HEADER)
    if not named:
        refusal = render(InvalidValue(f"The header {EXPERIMENT_HEADER} is missing: name the experiment's id in it."))
        refusal.status_code = 422
        return refusal
    body = await request.body()
    encoding = (request.headers.get("content-encoding") or "identity").strip().lower()
    given = await run_in_threadpool(_read, body, encoding, kind)
    run_id = request.headers.get(RUN_HEADER, "")
    if not rooms.permissions.is_free(rooms.asker):
        traces = {span.trace_id for part in given for span in part.spans}
        things = [experiment(rooms, named), *(Thing(Kind.TRACE, trace_id) for trace_id in sorted(traces))]
        things += [Thing(Kind.RUN, run_id)] if run_id else []
        await rooms.permissions.acheck(rooms.asker, rooms.workspace, Deed.EDIT, things)
    experiment_id = await run_in_threadpool(rooms.experiment_id, named)
    await rooms.tracking.alog_spans(rooms.workspace, experiment_id, given, run_id=run_id)
    # An answer without any field set says that everything was taken.
    return Response(b"{}" if kind == _JSON else b"", media_type=kind)


def _read(body: bytes, encoding: str, kind: str) -> list[GivenSpans]:
    plain = _unpacked(body, encoding)
    given = _of_json(plain) if kind == _JSON else _of_protobuf(plain)
    if not given:
        raise BadRequest("Invalid OpenTelemetry format: the request has no spans.")
    return given


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding == "identity":
        return body
    if encoding not in ("gzip", "deflate"):
        raise BadRequest(f"Content-Encoding {encoding!r} is not understood: use gzip, or none.")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        plain = unpacker.decompress(body, MOST_BYTES)
    except zlib.error as error:
        raise BadRequest(f"The body is not {encoding}: {error}.") from error
    if unpacker.unconsumed_tail:
        raise TooLarge(f"The spans take more than {MOST_BYTES} bytes unpacked. Send less at once.", limit=MOST_BYTES)
    if not unpacker.eof:
        raise BadRequest(f"The body ends in the middle of its {encoding} data.")
    return plain


def _of_protobuf(body: bytes) -> list[GivenSpans]:
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    message = ExportTraceServiceRequest()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise BadRequest(f"Invalid OpenTelemetry format: {error}.") from error
    return [
        GivenSpans(
            spans=[_span(span) for scope in part.scope_spans for span in scope.spans],
            tags=_tags(_attributes(part.resource.attributes)),
        )
        for part in message.resource_spans
    ]


def _span(given: Any) -> Span:
    return Span(
        trace_id=_trace_id(given.trace_id),
        id=_span_id(given.span_id),
        parent_id=_span_id(given.parent_span_id) if given.parent_span_id else None,
        name=_clean(given.name),
        start_ns=_nanoseconds(given.start_time_unix_nano),
        end_ns=_nanoseconds(given.end_time_unix_nano) or None,
        status=_STATUSES[given.status.code] if 0 <= given.status.code < len(_STATUSES) else "UNSET",
        status_message=given.status.message,
        kind=given.kind,
        attributes=_attributes(given.attributes),
        events=[
            SpanEvent(
                name=event.name,
                timestamp_ns=_nanoseconds(event.time_unix_nano),
                attributes=_attributes(event.attributes),
            )
            for event in given.events
        ],
        links=[
            SpanLink(
                trace_id=f"tr-{link.trace_id.hex()}",
                span_id=link.span_id.hex(),
                attributes=_attributes(link.attributes),
            )
            for link in given.links
        ],
    )


def _attributes(given: Iterable[Any], depth: int = 0) -> dict[str, Json]:
    return {_clean(pair.key): _value(pair.value, depth) for pair in given}


def _value(given: Any, depth: int) -> Json:
    _check_depth(depth)
    kind = given.WhichOneof("value")
    if kind is None:
        return None
    value = getattr(given, kind)
    if kind == "array_value":
        return [_value(item, depth + 1) for item in value.values]
    if kind == "kvlist_value":
        return _attributes(value.values, depth + 1)
    return _plain(value)


def _check_depth(depth: int) -> None:
    if depth > _DEEPEST:
        raise BadRequest(f"An attribute has more than {_DEEPEST} lists and maps within each other.")


def _whole(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise BadRequest(f"Invalid OpenTelemetry format: the number {value} does not fit in 64 bits.")
    return value


def _plain(value: Any) -> Json:
    """A single value as JSON can carry it."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return number_to_wire(value)
    return _clean(value) if isinstance(value, str) else value


def _clean(value: str) -> str:
    return value.replace("\x00", "")  # which no database keeps in a text


def _trace_id(given: bytes) -> str:
    if len(given) != 16 or not any(given):
        raise BadRequest(f"Invalid OpenTelemetry format: a trace id has 16 bytes, not all zero; this is {given!r:.80}.")
    return f"tr-{given.hex()}"


def _span_id(given: bytes) -> str:
    if len(given) != 8 or not any(given):
        raise BadRequest(f"Invalid OpenTelemetry format: a span id has 8 bytes, not all zero; this is {given!r:.80}.")
    return given.hex()


def _nanoseconds(given: int) -> int:
    if not 0 <= given < 2**63:
        raise BadRequest(f"Invalid OpenTelemetry format: {given} is not a time in nanoseconds since 1970.")
    return given


def _tags(resource: dict[str, Json]) -> dict[str, str]:
    """What the program says of itself, as tags of its traces."""
    return {
        key: text(value)[: limits.TAG_VALUE]
        for key, value in resource.items()
        if 0 < len(key) <= limits.TAG_KEY and not key.startswith(_NOT_TAGS)
    }


# JSON: names in camelCase, ids in hexadecimal, 64-bit numbers as text or numbers, enums as numbers.


def _of_json(body: bytes) -> list[GivenSpans]:
    try:
        message = msgspec.json.decode(body)
        return [_part_of_json(part) for part in message.get("resourceSpans") or []]
    except (msgspec.DecodeError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadRequest(f"Invalid OpenTelemetry format: {error}.") from error


def _part_of_json(part: dict[str, Any]) -> GivenSpans:
    resource = part.get("resource") or {}
    spans = [_span_of_json(span) for scope in part.get("scopeSpans") or [] for span in scope.get("spans") or []]
    return GivenSpans(spans=spans, tags=_tags(_attributes_of_json(resource.get("attributes"))))


def _span_of_json(given: dict[str, Any]) -> Span:
    status = given.get("status") or {}
    parent_id = given.get("parentSpanId")
    return Span(
        trace_id=_trace_id(bytes.fromhex(given["traceId"])),
        id=_span_id(bytes.fromhex(given["spanId"])),
        parent_id=_span_id(bytes.fromhex(parent_id)) if parent_id else None,
        name=_clean(str(given.get("name") or "")),
        start_ns=_nanoseconds(int(given.get("startTimeUnixNano") or 0)),
        end_ns=_nanoseconds(int(given.get("endTimeUnixNano") or 0)) or None,
        status=_STATUSES[_status_code(status.get("code") or 0)],
        status_message=str(status.get("message") or ""),
        kind=given["kind"] if isinstance(given.get("kind"), int) else 0,
        attributes=_attributes_of_json(given.get("attributes")),
        events=[
            SpanEvent(
                name=str(event.get("name") or ""),
                timestamp_ns=_nanoseconds(int(event.get("timeUnixNano") or 0)),
                attributes=_attributes_of_json(event.get("attributes")),
            )
            for event in given.get("events") or []
        ],
        links=[
            SpanLink(
                trace_id=f"tr-{bytes.fromhex(link['traceId']).hex()}",
                span_id=bytes.fromhex(link["spanId"]).hex(),
                attributes=_attributes_of_json(link.get("attributes")),
            )
            for link in given.get("links") or []
        ],
    )


def _status_code(given: Any) -> int:
    codes = {f"STATUS_CODE_{name}": code for code, name in enumerate(_STATUSES)}
    code = codes.get(given, 0) if isinstance(given, str) else int(given)
    return code if 0 <= code < len(_STATUSES) else 0


def _attributes_of_json(given: Any, depth: int = 0) -> dict[str, Json]:
    return {_clean(str(pair["key"])): _value_of_json(pair.get("value") or {}, depth) for pair in given or []}


def _value_of_json(given: dict[str, Any], depth: int) -> Json:
    _check_depth(depth)
    for kind, value in given.items():
        if kind == "intValue":
            return _whole(int(value))
        if kind == "doubleValue":
            return _plain(float(value))
        if kind == "arrayValue":
            return [_value_of_json(item, depth + 1) for item in value.get("values") or []]
        if kind == "kvlistValue":
            return _attributes_of_json(value.get("values"), depth + 1)
        if kind in ("stringValue", "boolValue", "bytesValue"):
            return _plain(value)
    return None


TRANSFERS: tuple[Transfer, ...] = (Transfer("POST", "v1/traces", export),)
