"""What clients send about traces; names and required fields are the protocol's."""

from __future__ import annotations

from typing import Any

from msgspec import field

from zaffre.server.mlflow.framing import Int64, Message, Text
from zaffre.server.mlflow.messages import Pair


class ExperimentLocation(Message):
    experiment_id: Text


class Location(Message):
    type: str | int | None = None
    mlflow_experiment: ExperimentLocation | None = None


class Source(Message):
    source_type: str | int | None = None
    source_id: str | None = None


class SaidError(Message):
    error_code: str | None = None
    error_message: str | None = None
    stack_trace: str | None = None


class Said(Message):
    """A feedback's value, of any kind, and the error that there is instead of one."""

    value: Any = None
    error: SaidError | None = None


class Serialized(Message):
    serialization_format: str | None = None
    value: str = ""


class Expected(Message):
    value: Any = None
    serialized_value: Serialized | None = None


class Issue(Message):
    issue_name: str | None = None


class GivenAssessment(Message):
    assessment_id: str | None = None
    assessment_name: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    source: Source | None = None
    create_time: str | None = None
    last_update_time: str | None = None
    feedback: Said | None = None
    expectation: Expected | None = None
    issue: Issue | None = None
    rationale: str | None = None
    error: SaidError | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    overrides: str | None = None
    valid: bool | None = None


class GivenInfo(Message):
    trace_id: Text
    client_request_id: str | None = None
    trace_location: Location | None = None
    request: str | None = None
    response: str | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    request_time: str | None = None
    execution_duration: str | None = None
    state: str | int | None = None
    trace_metadata: dict[str, str] = field(default_factory=dict)
    assessments: list[GivenAssessment] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


class InfoOnly(Message):
    trace_info: GivenInfo


class StartTrace(Message):
    trace: InfoOnly


class OfTrace(Message):
    trace_id: Text


class GetTrace(OfTrace):
    allow_partial: bool = False


class ManyTraces(Message):
    trace_ids: list[str]
    experiment_ids: list[str] = field(default_factory=list)


class SearchTraces(Message):
    locations: list[Location]
    filter: str | None = None
    max_results: Int64 = 100
    order_by: list[str] = field(default_factory=list)
    page_token: str | None = None


class DeleteTraces(Message):
    experiment_id: Text
    max_timestamp_millis: Int64 | None = None
    max_traces: Int64 | None = None
    request_ids: list[str] = field(default_factory=list)


class TraceTag(OfTrace):
    key: Text
    value: str = ""


class TraceTagKey(OfTrace):
    key: Text


class LinkToRun(Message):
    trace_ids: list[str]
    run_id: Text


class PromptVersion(Message):
    name: Text
    version: Text


class LinkPrompts(OfTrace):
    prompt_versions: list[PromptVersion]


class Correlate(Message):
    experiment_ids: list[str]
    filter_string1: str
    filter_string2: str
    base_filter: str | None = None


class Aggregation(Message):
    aggregation_type: str | int
    percentile_value: float | None = None


class QueryMetrics(Message):
    experiment_ids: list[str]
    view_type: str | int
    metric_name: Text
    aggregations: list[Aggregation]
    dimensions: list[str] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)
    time_interval_seconds: Int64 | None = None
    start_time_ms: Int64 | None = None
    end_time_ms: Int64 | None = None
    max_results: Int64 = 1000
    page_token: str | None = None


# --- assessments -----------------------------------------------------------------------------------------------------


class CreateAssessment(OfTrace):
    assessment: GivenAssessment


class OfAssessment(OfTrace):
    assessment_id: Text


class UpdateAssessment(OfAssessment):
    assessment: GivenAssessment
    update_mask: Text  # paths joined by commas, in camelCase as protobuf writes a field mask


# --- as MLflow 2 clients send it -------------------------------------------------------------------------------------


class BeginTrace(Message):
    experiment_id: Text
    timestamp_ms: Int64 = 0
    request_metadata: list[Pair] = field(default_factory=list)
    tags: list[Pair] = field(default_factory=list)


class OfRequest(Message):
    request_id: Text


class EndTrace(OfRequest):
    timestamp_ms: Int64 = 0
    status: str | int | None = None
    request_metadata: list[Pair] = field(default_factory=list)
    tags: list[Pair] = field(default_factory=list)


class SearchOld(Message):
    experiment_ids: list[str]
    filter: str | None = None
    max_results: Int64 = 100
    order_by: list[str] = field(default_factory=list)
    page_token: str | None = None


class RequestTag(OfRequest):
    key: Text
    value: str = ""


class RequestTagKey(OfRequest):
    key: Text
