"""Traces over MLflow's protocol, as its clients since 3.0 speak it; older ones: ``traces_v2``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from zaffre.core import codec, limits
from zaffre.core.errors import InvalidValue, NotFound
from zaffre.core.filters import parse_filter, parse_order_by
from zaffre.core.trace_filters import TRACES
from zaffre.core.traces import SIZE_STATS, SPANS_HERE, SPANS_TAG, STATES, Span, Trace
from zaffre.core.wire import number_to_wire
from zaffre.server.accounts.permissions import Deed
from zaffre.server.artifacts import roots
from zaffre.server.mlflow import assessments, trace_answers, values
from zaffre.server.mlflow.answers import without_empty
from zaffre.server.mlflow.door import Act, Transfer
from zaffre.server.mlflow.errors import invalid, missing
from zaffre.server.mlflow.locations import check_path
from zaffre.server.mlflow.proto_times import duration, moment
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.mlflow.trace_messages import (
    Correlate,
    DeleteTraces,
    GetTrace,
    GivenInfo,
    LinkPrompts,
    LinkToRun,
    ManyTraces,
    OfTrace,
    SearchTraces,
    StartTrace,
    TraceTag,
    TraceTagKey,
)
from zaffre.server.store.permissions import Kind, Thing
from zaffre.server.store.trace_search import TraceQuery
from zaffre.server.tracking import trace_files
from zaffre.server.tracking.traces import GivenTrace

MOST: Final = 500  # traces on a page
_ATTACHMENTS: Final = "attachments"


def start(rooms: Rooms, message: StartTrace) -> object:
    made = rooms.tracking.start_trace(rooms.workspace, _given(rooms, message.trace.trace_info))
    return {"trace": {"trace_info": trace_answers.info(made)}}


def _given(rooms: Rooms, info: GivenInfo) -> GivenTrace:
    location = info.trace_location
    if location is None or location.mlflow_experiment is None:
        raise missing("trace.trace_info.trace_location.mlflow_experiment")
    if info.request_time is None:
        raise missing("trace.trace_info.request_time")
    return GivenTrace(
        id=info.trace_id,
        experiment_id=rooms.experiment_id(location.mlflow_experiment.experiment_id),
        start_time=moment(info.request_time),
        duration_ms=None if info.execution_duration is None else duration(info.execution_duration),
        status=state(info.state, "state"),
        client_request_id=info.client_request_id,
        request_preview=info.request_preview or info.request,
        response_preview=info.response_preview or info.response,
        tags=shortened(info.tags),
        metadata=info.trace_metadata,
        assessments=[
            assessments.given(item, info.trace_id, at, moment(info.request_time))
            for at, item in enumerate(info.assessments)
        ],
    )


def state(value: str | int | None, parameter: str) -> str:
    if value is None:
        return STATES[0]
    name = dict(enumerate(STATES)).get(value, "") if isinstance(value, int) else value
    name = STATES[0] if name == "TRACE_STATUS_UNSPECIFIED" else name
    if name not in STATES:
        raise invalid(parameter, value, f"it must be one of {', '.join(STATES)}.")
    return name


def shortened(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags as MLflow keeps them: what is too long is cut."""
    return {key: value[: limits.TAG_VALUE] for key, value in tags.items()}


def get_info(rooms: Rooms, message: OfTrace) -> object:
    found = rooms.tracking.get_trace(rooms.workspace, message.trace_id)
    return {"trace": {"trace_info": trace_answers.info(found)}}


def get(rooms: Rooms, message: GetTrace) -> object:
    """A trace with its spans; one whose spans are not all there yet only if a part of them is welcome."""
    found = rooms.tracking.get_traces_with_spans(rooms.workspace, [message.trace_id])
    if not found:
        raise NotFound(f"Trace with ID {message.trace_id} is not found.", trace_id=message.trace_id)
    trace, spans = found[0]
    if trace.tags.get(SPANS_TAG) != SPANS_HERE:
        raise NotFound(
            f"The spans of trace {message.trace_id} are not in the tracking store: read its file "
            f"{trace_files.SPANS_FILE}.",
            trace_id=message.trace_id,
        )
    if not message.allow_partial and not _is_whole(trace, spans):
        raise NotFound(
            f"Trace with ID {message.trace_id} is not fully exported yet, please try again later.",
            trace_id=message.trace_id,
        )
    return {"trace": trace_answers.trace(trace, spans)}


def _is_whole(trace: Trace, spans: Sequence[Span]) -> bool:
    """Whether the spans are as many as the client said that there are."""
    try:
        stats = codec.decode(trace.metadata.get(SIZE_STATS, "{}"), dict)
        return len(spans) >= max(1, int(stats.get("num_spans", 0)))
    except (InvalidValue, TypeError, ValueError):
        return bool(spans)


def get_many(rooms: Rooms, message: ManyTraces) -> object:
    """The traces whose spans are in the store; others, and those that are not there, are left out."""
    found = rooms.tracking.get_traces_with_spans(rooms.workspace, _named(message))
    here = [(trace, spans) for trace, spans in _within(rooms, message, found) if spans and _is_whole(trace, spans)]
    return without_empty({"traces": [trace_answers.trace(trace, spans) for trace, spans in here]})


def get_many_infos(rooms: Rooms, message: ManyTraces) -> object:
    found: list[tuple[Trace, list[Span]]] = [
        (trace, []) for trace in rooms.tracking.get_traces(rooms.workspace, _named(message))
    ]
    return without_empty({"trace_infos": [trace_answers.info(trace) for trace, _ in _within(rooms, message, found)]})


def _named(message: ManyTraces) -> list[str]:
    if not message.trace_ids:
        raise missing("trace_ids")
    if len(message.trace_ids) > MOST:
        raise invalid("trace_ids", len(message.trace_ids), f"name at most {MOST} traces in a request.")
    return message.trace_ids


def _within(
    rooms: Rooms, message: ManyTraces, found: Iterable[tuple[Trace, list[Span]]]
) -> list[tuple[Trace, list[Span]]]:
    if not message.experiment_ids:
        return list(found)
    wanted = set(rooms.experiment_ids(message.experiment_ids))
    return [(trace, spans) for trace, spans in found if trace.experiment_id in wanted]


def search(rooms: Rooms, message: SearchTraces) -> object:
    named = [place.mlflow_experiment.experiment_id for place in message.locations if place.mlflow_experiment]
    if not named:
        raise missing("locations")
    found, after = find(rooms, named, message.filter, message.order_by, message.max_results, message.page_token)
    return without_empty({"traces": [trace_answers.info(item) for item in found], "next_page_token": after})


def find(
    rooms: Rooms, named: Iterable[str], text: str | None, order_by: Sequence[str], most: int, token: str | None
) -> tuple[list[Trace], str | None]:
    """One page of a search, and the token of the next."""
    rooms.check_workspace()
    query = TraceQuery(
        experiment_ids=rooms.experiment_ids(named),
        filter=parse_filter(text, TRACES),
        order=parse_order_by(order_by, TRACES),
    )
    limit = values.page_size(most, MOST)
    found = rooms.tracking.search_traces(rooms.workspace, query, limit=limit, after=token or None)
    return found.items, found.next


def delete(rooms: Rooms, message: DeleteTraces) -> object:
    deleted = trace_files.delete(
        rooms.tracking,
        rooms.artifacts,
        rooms.workspace,
        rooms.experiment_id(message.experiment_id),
        until=message.max_timestamp_millis,
        ids=message.request_ids,
        limit=message.max_traces,
    )
    return {"traces_deleted": deleted}


def set_tag(rooms: Rooms, message: TraceTag) -> object:
    value = message.value[: limits.TAG_VALUE]
    rooms.tracking.set_trace_tag(rooms.workspace, message.trace_id, message.key, value)
    return {}


def delete_tag(rooms: Rooms, message: TraceTagKey) -> object:
    rooms.tracking.delete_trace_tag(rooms.workspace, message.trace_id, message.key)
    return {}


def link_to_run(rooms: Rooms, message: LinkToRun) -> object:
    if not message.trace_ids:
        raise missing("trace_ids")
    rooms.tracking.link_traces(rooms.workspace, message.trace_ids, message.run_id)
    return {}


def link_prompts(rooms: Rooms, message: LinkPrompts) -> object:
    if not message.prompt_versions:
        raise missing("prompt_versions")
    named = [(item.name, item.version) for item in message.prompt_versions]
    rooms.tracking.link_prompts(rooms.workspace, message.trace_id, named)
    return {}


def correlate(rooms: Rooms, message: Correlate) -> object:
    """How often two filters find the same traces: normalised pointwise mutual information, from -1 to 1."""
    for name in ("experiment_ids", "filter_string1", "filter_string2"):
        if not getattr(message, name):
            raise missing(name)
    rooms.check_workspace()
    found = rooms.tracking.correlate_traces(
        rooms.workspace,
        rooms.experiment_ids(message.experiment_ids),
        parse_filter(message.filter_string1, TRACES),
        parse_filter(message.filter_string2, TRACES),
        parse_filter(message.base_filter, TRACES),
    )
    counts = {
        "filter1_count": found.first,
        "filter2_count": found.second,
        "joint_count": found.both,
        "total_count": found.all,
    }
    npmi = {"npmi": number_to_wire(found.npmi), "npmi_smoothed": number_to_wire(found.npmi_smoothed)}
    return {**{name: value for name, value in npmi.items() if value != number_to_wire(math.nan)}, **counts}


async def artifact(rooms: Rooms, request: Request, rest: str) -> Response:
    """The file of a trace's spans, made from the store where it has them, or one of its attachments."""
    if rest:
        raise NotFound(f"There is nothing at {request.url.path}.")
    return await run_in_threadpool(
        _send, rooms, request.query_params.get("request_id"), request.query_params.get("path")
    )


def _send(rooms: Rooms, trace_id: str | None, path: str | None) -> Response:
    if not trace_id:
        raise InvalidValue('Request must include the "request_id" query parameter.')
    rooms.permissions.check(rooms.asker, rooms.workspace, Deed.READ, [Thing(Kind.TRACE, trace_id)])
    if path:
        trace = rooms.tracking.get_trace(rooms.workspace, trace_id)
        return _file(rooms, trace, f"{_ATTACHMENTS}/{check_path(path)}")
    found = rooms.tracking.get_traces_with_spans(rooms.workspace, [trace_id])
    trace, spans = found[0] if found else (rooms.tracking.get_trace(rooms.workspace, trace_id), [])
    if spans:
        headers = {"Content-Disposition": f"attachment; filename={trace_files.SPANS_FILE}"}
        return Response(codec.encode(trace_answers.file_of(spans)), headers=headers, media_type="text/plain")
    return _file(rooms, trace, trace_files.SPANS_FILE)


def _file(rooms: Rooms, trace: Trace, path: str) -> Response:
    root = roots.trace(rooms.workspace, trace.id)
    size = rooms.artifacts.info(root, path).size or 0
    headers = {"Content-Disposition": f"attachment; filename={trace_files.SPANS_FILE}", "Content-Length": str(size)}
    if path.startswith(f"{_ATTACHMENTS}/"):
        headers["Content-Disposition"] = "attachment"
        return StreamingResponse(rooms.artifacts.read(root, path), 200, headers, "application/octet-stream")
    return StreamingResponse(rooms.artifacts.read(root, path), 200, headers, "text/plain")


_BASE = "3.0/mlflow/traces"
_OF = f"{_BASE}/{{trace_id}}"
ACTS: tuple[Act[Any], ...] = (
    Act("POST", _BASE, StartTrace, start),
    Act("POST", f"{_BASE}/search", SearchTraces, search),
    Act("GET", f"{_BASE}/get", GetTrace, get),
    Act("GET", f"{_BASE}/batchGet", ManyTraces, get_many),
    Act("POST", f"{_BASE}/batchGetInfos", ManyTraces, get_many_infos),
    Act("POST", f"{_BASE}/calculate-filter-correlation", Correlate, correlate),
    Act("POST", f"{_BASE}/delete-traces", DeleteTraces, delete),
    Act("POST", "2.0/mlflow/traces/delete-traces", DeleteTraces, delete),
    Act("POST", "2.0/mlflow/traces/link-to-run", LinkToRun, link_to_run),
    Act("POST", "2.0/mlflow/traces/link-prompts", LinkPrompts, link_prompts),
    Act("GET", _OF, OfTrace, get_info),
    Act("PATCH", f"{_OF}/tags", TraceTag, set_tag),
    Act("DELETE", f"{_OF}/tags", TraceTagKey, delete_tag),
)
TRANSFERS: tuple[Transfer, ...] = (Transfer("GET", "2.0/mlflow/get-trace-artifact", artifact),)
