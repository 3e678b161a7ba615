"""The messages of the REST API about traces. A trace in a list travels as it stands in ``traces``."""

from __future__ import annotations

from dataclasses import dataclass, field

from zaffre.core.entities import Json
from zaffre.core.traces import SpanEvent, SpanLink, Trace
from zaffre.core.wire import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanAnswer:
    """A span as the Studio draws it: inputs, outputs and type stand by themselves and not among the attributes."""

    id: str
    parent_id: str | None  # None, or a span that is not in the answer: a root
    name: str
    type: str  # CHAIN, CHAT_MODEL, TOOL, ...; UNKNOWN where the program did not say
    status: str  # OK, ERROR or UNSET
    status_message: str = ""
    start_ns: int
    end_ns: int | None
    inputs: Json = None
    outputs: Json = None
    attributes: dict[str, Json] = field(default_factory=dict)
    events: list[SpanEvent] = field(default_factory=list)
    links: list[SpanLink] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceAnswer:
    """A trace with its spans, roots first and then in the order of their beginnings."""

    trace: Trace
    spans: list[SpanAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePatch(Request):
    tags: dict[str, str] | None = None  # added or changed
    remove_tags: list[str] | None = None
