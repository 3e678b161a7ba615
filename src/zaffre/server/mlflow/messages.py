"""What clients send about experiments, runs and metrics; names and required fields are the protocol's."""

from __future__ import annotations

from msgspec import field

from zaffre.server.mlflow.errors import missing
from zaffre.server.mlflow.framing import Int64, Message, Moment, Number, Text


class Pair(Message):
    """A tag, a param or a logged model's param."""

    key: Text
    value: str = ""


class Empty(Message):
    pass


# --- experiments -----------------------------------------------------------------------------------------------------


class CreateExperiment(Message):
    name: Text
    artifact_location: str | None = None
    tags: list[Pair] = field(default_factory=list)


class ExperimentById(Message):
    experiment_id: Text


class ExperimentByName(Message):
    experiment_name: Text


class SearchExperiments(Message):
    max_results: Int64 = 0
    page_token: str | None = None
    filter: str | None = None
    order_by: list[str] = field(default_factory=list)
    view_type: str | int = "ACTIVE_ONLY"


class UpdateExperiment(Message):
    experiment_id: Text
    new_name: Text


class ExperimentTag(Message):
    experiment_id: Text
    key: Text
    value: str = ""


class ExperimentTagKey(Message):
    experiment_id: Text
    key: Text


# --- runs ------------------------------------------------------------------------------------------------------------


class CreateRun(Message):
    experiment_id: str = "0"
    user_id: str | None = None
    run_name: str | None = None
    start_time: Int64 | None = None
    tags: list[Pair] = field(default_factory=list)


class OfRun(Message):
    """A request about one run; clients send its id twice, by the new name and the old."""

    run_id: str | None = None
    run_uuid: str | None = None

    @property
    def run(self) -> str:
        run_id = self.run_id or self.run_uuid
        if not run_id:
            raise missing("run_id")
        return run_id


class UpdateRun(OfRun):
    status: str | int | None = None
    end_time: Int64 | None = None
    run_name: str | None = None


class LogMetric(OfRun, kw_only=True):
    key: Text
    value: Number
    timestamp: Moment
    step: Int64 = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogParameter(OfRun, kw_only=True):
    key: Text
    value: str = ""


class TagKey(OfRun, kw_only=True):
    key: Text


class Metric(Message):
    key: Text
    value: Number
    timestamp: Moment
    step: Int64 = 0
    dataset_name: str | None = None
    dataset_digest: str | None = None
    model_id: str | None = None
    run_id: str | None = None


class LogBatch(OfRun, kw_only=True):
    metrics: list[Metric] = field(default_factory=list)
    params: list[Pair] = field(default_factory=list)
    tags: list[Pair] = field(default_factory=list)


class SearchRuns(Message):
    experiment_ids: list[str] = field(default_factory=list)
    filter: str | None = None
    run_view_type: str | int = "ACTIVE_ONLY"
    max_results: Int64 = 1000
    order_by: list[str] = field(default_factory=list)
    page_token: str | None = None


class LogModel(OfRun, kw_only=True):
    model_json: Text


class Dataset(Message):
    name: Text
    digest: Text
    source_type: Text
    source: Text
    schema: str | None = None
    profile: str | None = None


class DatasetUse(Message):
    dataset: Dataset
    tags: list[Pair] = field(default_factory=list)


class SearchDatasets(Message):
    experiment_ids: list[str]


class ModelUse(Message):
    model_id: Text


class LogInputs(OfRun, kw_only=True):
    datasets: list[DatasetUse] = field(default_factory=list)
    models: list[ModelUse] = field(default_factory=list)


class ModelMade(Message):
    model_id: Text
    step: Int64 = 0


class LogOutputs(OfRun, kw_only=True):
    models: list[ModelMade]


# --- metrics and artifacts -------------------------------------------------------------------------------------------


class GetHistory(OfRun, kw_only=True):
    metric_key: Text
    page_token: str | None = None
    max_results: Int64 | None = None


class GetHistoryBulk(Message):
    metric_key: Text
    run_id: list[str] = field(default_factory=list)
    max_results: Int64 = 25_000


class GetHistoryInterval(Message):
    metric_key: Text
    run_ids: list[str] = field(default_factory=list)
    start_step: Int64 | None = None
    end_step: Int64 | None = None
    max_results: Int64 = 2500


class ListArtifacts(OfRun):
    path: str | None = None
    page_token: str | None = None


class ListProxied(Message):
    path: str = ""


# --- logged models ---------------------------------------------------------------------------------------------------


class CreateLoggedModel(Message):
    experiment_id: Text
    name: str | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    params: list[Pair] = field(default_factory=list)
    tags: list[Pair] = field(default_factory=list)


class OfLoggedModel(Message, kw_only=True):
    model_id: Text


class FinishLoggedModel(OfLoggedModel, kw_only=True):
    status: str | int


class LoggedModelTags(OfLoggedModel, kw_only=True):
    tags: list[Pair] = field(default_factory=list)


class LoggedModelTagKey(OfLoggedModel, kw_only=True):
    tag_key: Text


class LoggedModelParams(OfLoggedModel, kw_only=True):
    params: list[Pair] = field(default_factory=list)


class LoggedModelFolder(OfLoggedModel, kw_only=True):
    artifact_directory_path: str = ""
    page_token: str | None = None


class OnDataset(Message):
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LoggedModelOrder(Message):
    field_name: Text
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None


class SearchLoggedModels(Message):
    experiment_ids: list[str]
    filter: str | None = None
    datasets: list[OnDataset] = field(default_factory=list)
    max_results: Int64 = 50
    order_by: list[LoggedModelOrder] = field(default_factory=list)
    page_token: str | None = None
