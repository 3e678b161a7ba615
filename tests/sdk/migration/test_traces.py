"""Traces of a real MLflow store: with their spans, wherever these are kept, and with what was said about them."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.entities import AssessmentSource, SpanEvent, SpanStatusCode, ViewType
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.tracing.provider import reset
from mlflow.tracking import MlflowClient

from tests.sdk.migration.conftest import start_mlflow
from zaffre.sdk.migration.migration import Migrated, migrate
from zaffre.sdk.scope import Scope
from zaffre.sdk.workspace import Workspace

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred"),
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),  # SQLAlchemy about MLflow's own code
    pytest.mark.timeout(600),
]
HUMAN = AssessmentSource(source_type="HUMAN", source_id="ada")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Traces are sent when they end, and nothing of a test's tracking outlives it."""
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
    monkeypatch.chdir(tmp_path)
    yield
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    reset()


@pytest.fixture
def traced(tmp_path: Path) -> str:
    """A SQLite store with a trace of three spans, one that failed, and one in a deleted experiment."""
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    fill(uri, tmp_path)
    return uri


def fill(uri: str, folder: Path) -> None:
    reset()
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    place = (folder / "files").as_uri() if uri.startswith("sqlite") else None
    first = client.create_experiment("asked", artifact_location=place)
    gone = client.create_experiment("gone", artifact_location=place)
    with mlflow.start_run(experiment_id=first):
        root = client.start_trace("answer", inputs={"q": "why?"}, tags={"team": "blue"}, experiment_id=first)
    inner = client.start_span("look up", root.trace_id, root.span_id, span_type="RETRIEVER", inputs={"k": 3})
    deep = client.start_span("read", root.trace_id, inner.span_id, attributes={"rate": 0.5, "many": [1, {"a": None}]})
    deep.add_event(SpanEvent("seen", attributes={"page": 7}))  # type: ignore[abstract]
    client.end_span(root.trace_id, deep.span_id)
    client.end_span(root.trace_id, inner.span_id, outputs=["a", "b"])
    client.end_trace(root.trace_id, outputs={"a": "ünï"})
    failed = client.start_trace("fail", experiment_id=first)
    client.end_trace(failed.trace_id, status=SpanStatusCode.ERROR)
    lost = client.start_trace("lost", experiment_id=gone)
    client.end_trace(lost.trace_id)
    mlflow.flush_trace_async_logging()  # a server is sent them in the background
    mlflow.log_feedback(trace_id=root.trace_id, name="good", value=True, source=HUMAN, rationale="it is")
    mlflow.log_expectation(trace_id=root.trace_id, name="wanted", value={"a": [1]}, source=HUMAN, span_id=inner.span_id)
    said = mlflow.log_feedback(trace_id=failed.trace_id, name="good", value=0.25, source=HUMAN)
    assert said.assessment_id is not None
    mlflow.override_feedback(trace_id=failed.trace_id, assessment_id=said.assessment_id, value=0.5, source=HUMAN)
    client.delete_experiment(gone)


def described(uri: str, name: str = "asked") -> dict[str, Any]:
    """What a client sees of the traces of an experiment, but for where things are kept."""
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(name)
    assert experiment is not None
    found: dict[str, Any] = {}
    for one in client.search_traces([experiment.experiment_id], include_spans=False):
        trace = client.get_trace(one.info.trace_id, display=False)
        info = trace.info.to_dict()
        tags = {key: value for key, value in info["tags"].items() if key not in PLACES}
        said = sorted((one.to_dictionary() for one in trace.info.assessments), key=lambda one: one["assessment_id"])
        for one_said in said:
            if "feedback" not in one_said:  # MLflow's protocol does not carry it for others
                one_said.pop("valid", None)
        kept = {key: info.get(key) for key in ("state", "request_time", "execution_duration_ms", "request_preview")}
        found[one.info.trace_id] = {
            **kept,
            "response_preview": info.get("response_preview"),
            "tags": tags,
            "metadata": info["trace_metadata"],
            "assessments": said,
            "spans": sorted((span.to_dict() for span in trace.data.spans), key=lambda span: str(span["span_id"])),
        }
    return found


PLACES = ("mlflow.artifactLocation", "mlflow.trace.spansLocation")


def assert_complete(done: Migrated, traces: int, spans: int, assessments: int) -> None:
    assert done.problems == []
    assert done.source == done.target
    assert [done.source[kind] for kind in ("traces", "spans", "assessments")] == [traces, spans, assessments]


def test_traces_are_copied_whole_and_only_once(traced: str, workspace: Workspace, scope: Scope) -> None:
    dry = migrate(scope, traced, dry_run=True)
    assert (dry.source["traces"], dry.target) == (3, {})
    done = migrate(scope, traced)
    assert_complete(done, 3, 5, 4)
    before, after = described(traced), described(workspace.get_mlflow_tracking_uri())
    assert len(before) == 2
    for trace_id, one in before.items():
        for name, value in one.items():
            assert after[trace_id][name] == value, name
    assert after == before
    again = migrate(scope, traced)
    assert_complete(again, 3, 5, 4)
    assert described(workspace.get_mlflow_tracking_uri()) == before


def test_traces_of_a_server_are_copied(tmp_path: Path, workspace: Workspace, scope: Scope) -> None:
    with start_mlflow(tmp_path / "server") as uri:
        fill(uri, tmp_path)
        assert_complete(migrate(scope, uri), 3, 5, 4)
        before = described(uri)
    assert described(workspace.get_mlflow_tracking_uri()) == before


def test_what_was_said_since_is_copied_by_a_second_migration(traced: str, workspace: Workspace, scope: Scope) -> None:
    migrate(scope, traced)
    (trace_id,) = [key for key, one in described(traced).items() if one["state"] == "ERROR"]
    mlflow.set_tracking_uri(traced)
    mlflow.log_feedback(trace_id=trace_id, name="late", value="yes", source=HUMAN)
    MlflowClient(traced).set_trace_tag(trace_id, "seen", "twice")
    assert_complete(migrate(scope, traced), 3, 5, 5)
    assert described(workspace.get_mlflow_tracking_uri()) == described(traced)


def test_spans_that_older_versions_kept_in_a_file_are_copied(traced: str, workspace: Workspace, scope: Scope) -> None:
    before = described(traced)
    to_files(traced)
    assert_complete(migrate(scope, traced), 3, 5, 4)
    assert described(workspace.get_mlflow_tracking_uri()) == before


def to_files(uri: str) -> None:
    """Bring the traces to where MLflow before 3.4 had them: the spans in traces.json among a trace's files."""
    client = MlflowClient(uri)
    for experiment in client.search_experiments(view_type=ViewType.ALL):
        for one in client.search_traces([experiment.experiment_id], include_spans=False):
            trace = client.get_trace(one.info.trace_id, display=False)
            repository: Any = get_artifact_repository(trace.info.tags["mlflow.artifactLocation"])
            repository.upload_trace_data(json.dumps(trace.data.to_dict()))
    with contextlib.closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("DELETE FROM trace_tags WHERE key = 'mlflow.trace.spansLocation'")
        connection.execute("DELETE FROM spans")


def test_another_trace_with_the_id_is_a_problem_and_the_rest_goes_on(traced: str, scope: Scope) -> None:
    trace_id = next(iter(described(traced)))
    scope.client.put(scope.path("experiments", "mine"), dict)
    given = {"experiment": "mine", "status": "OK", "start_time": 5}
    scope.client.put(scope.path("imports", "traces", trace_id), dict, given)
    done = migrate(scope, traced)
    (problem,) = done.problems
    assert trace_id in problem
    assert "another trace with the id" in problem
    assert done.source["traces"] == 2
