"""Traces: what one request to a traced program did, as a tree of spans, and what people and judges said about it.

Times of a trace and of an assessment are integer milliseconds since the epoch, those of spans nanoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from zaffre.core.entities import Json

# The names under which MLflow's clients put things into a trace's metadata, its tags and its spans' attributes.
SOURCE_RUN: Final = "mlflow.sourceRun"
SESSION: Final = "mlflow.trace.session"
USER: Final = "mlflow.trace.user"
TOKEN_USAGE: Final = "mlflow.trace.tokenUsage"
COST: Final = "mlflow.trace.cost"
SIZE_STATS: Final = "mlflow.trace.sizeStats"
NAME_TAG: Final = "mlflow.traceName"
LOCATION_TAG: Final = "mlflow.artifactLocation"
SPANS_TAG: Final = "mlflow.trace.spansLocation"
SPANS_HERE: Final = "TRACKING_STORE"
INPUTS: Final = "mlflow.spanInputs"
OUTPUTS: Final = "mlflow.spanOutputs"
SPAN_TYPE: Final = "mlflow.spanType"

OK: Final = "OK"
ERROR: Final = "ERROR"
IN_PROGRESS: Final = "IN_PROGRESS"
UNSPECIFIED: Final = "STATE_UNSPECIFIED"
STATES: Final = (UNSPECIFIED, OK, ERROR, IN_PROGRESS)  # by their numbers in MLflow's protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanEvent:
    """Something that happened at a moment of a span; an exception is one, with its type, message and stack trace."""

    name: str
    timestamp_ns: int
    attributes: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanLink:
    """Another span that this one has to do with, in the same trace or in another."""

    trace_id: str
    span_id: str
    attributes: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One step of a trace, as OpenTelemetry has it. Without a parent it is a root."""

    trace_id: str  # the trace's id, "tr-" and 32 hexadecimal digits
    id: str  # 16 hexadecimal digits
    name: str
    start_ns: int
    end_ns: int | None = None  # None: not ended
    parent_id: str | None = None
    status: str = "UNSET"  # or OK, ERROR
    status_message: str = ""
    kind: int = 0  # OpenTelemetry's SpanKind
    attributes: dict[str, Json] = field(default_factory=dict)
    events: list[SpanEvent] = field(default_factory=list)
    links: list[SpanLink] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentError:
    """Why a judge gave no value."""

    error_code: str
    error_message: str = ""
    stack_trace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What a person, a judge or a program says about a trace or one of its spans.

    ``kind`` is feedback (how good it was), expectation (what it should have been) or issue (a reference to one).
    """

    id: str  # "a-" and 32 hexadecimal digits
    trace_id: str
    name: str
    kind: str
    created_at: int
    updated_at: int
    value: Json = None  # of an issue: its name
    error: AssessmentError | None = None
    source_type: str = "SOURCE_TYPE_UNSPECIFIED"  # HUMAN, LLM_JUDGE or CODE
    source_id: str = ""
    span_id: str | None = None
    rationale: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    overrides: str | None = None  # the id of the assessment that it takes the place of
    valid: bool = True  # False: another took its place


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A trace without its spans."""

    id: str  # "tr-" and 32 hexadecimal digits
    workspace: str
    experiment_id: int
    experiment_name: str
    status: str  # OK, ERROR, IN_PROGRESS or STATE_UNSPECIFIED
    start_time: int
    duration_ms: int | None = None
    name: str | None = None
    client_request_id: str | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    run_ids: list[str] = field(default_factory=list)  # the run it was made in, and those it was linked to
    prompts: list[str] = field(default_factory=list)  # prompt versions that were linked to it, as "name/version"
    tags: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    assessments: list[Assessment] = field(default_factory=list)
