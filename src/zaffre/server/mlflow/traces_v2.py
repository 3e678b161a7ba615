"""Traces as clients of MLflow 2 send and read them: begun, ended, and their spans in a file."""

from __future__ import annotations

from typing import Any

from zaffre.server.mlflow import trace_answers, traces, values
from zaffre.server.mlflow.answers import without_empty
from zaffre.server.mlflow.door import Act
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.mlflow.trace_messages import (
    BeginTrace,
    EndTrace,
    OfRequest,
    RequestTag,
    RequestTagKey,
    SearchOld,
    TraceTag,
    TraceTagKey,
)
from zaffre.server.tracking.traces import GivenTrace


def begin(rooms: Rooms, message: BeginTrace) -> object:
    given = GivenTrace(
        id="new",
        experiment_id=rooms.experiment_id(message.experiment_id),
        start_time=message.timestamp_ms,
        tags=traces.shortened(values.as_dict(message.tags)),
        metadata=values.as_dict(message.request_metadata),
    )
    return {"trace_info": trace_answers.old_info(rooms.tracking.begin_trace(rooms.workspace, given))}


def end(rooms: Rooms, message: EndTrace) -> object:
    ended = rooms.tracking.end_trace(
        rooms.workspace,
        message.request_id,
        end_time=message.timestamp_ms,
        status=traces.state(message.status, "status"),
        tags=traces.shortened(values.as_dict(message.tags)),
        metadata=values.as_dict(message.request_metadata),
    )
    return {"trace_info": trace_answers.old_info(ended)}


def get(rooms: Rooms, message: OfRequest) -> object:
    found = rooms.tracking.get_trace(rooms.workspace, message.request_id)
    return {"trace_info": trace_answers.old_info(found)}


def search(rooms: Rooms, message: SearchOld) -> object:
    found, after = traces.find(
        rooms,
        message.experiment_ids,
        message.filter,
        message.order_by,
        message.max_results,
        message.page_token,
    )
    return without_empty({"traces": [trace_answers.old_info(item) for item in found], "next_page_token": after})


def set_tag(rooms: Rooms, message: RequestTag) -> object:
    return traces.set_tag(rooms, TraceTag(message.request_id, message.key, message.value))


def delete_tag(rooms: Rooms, message: RequestTagKey) -> object:
    return traces.delete_tag(rooms, TraceTagKey(message.request_id, message.key))


_BASE = "2.0/mlflow/traces"
_OF = f"{_BASE}/{{request_id}}"
ACTS: tuple[Act[Any], ...] = (
    Act("POST", _BASE, BeginTrace, begin),
    Act("GET", _BASE, SearchOld, search),
    Act("PATCH", _OF, EndTrace, end),
    Act("GET", f"{_OF}/info", OfRequest, get),
    Act("PATCH", f"{_OF}/tags", RequestTag, set_tag),
    Act("DELETE", f"{_OF}/tags", RequestTagKey, delete_tag),
)
