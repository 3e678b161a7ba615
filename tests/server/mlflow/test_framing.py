from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.datastructures import QueryParams

from zaffre.core.errors import InvalidValue
from zaffre.server.mlflow import framing
from zaffre.server.mlflow.errors import BadRequest
from zaffre.server.mlflow.messages import (
    CreateRun,
    GetHistory,
    GetHistoryBulk,
    LogBatch,
    LoggedModelTags,
    LogMetric,
    Pair,
    SearchExperiments,
    UpdateRun,
)
from zaffre.server.mlflow.registry_messages import TransitionStage


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


METRIC = {"run_id": "r", "key": "k", "value": 1, "timestamp": 5}


def test_a_usual_body_is_a_message() -> None:
    message = framing.from_body(body(METRIC), LogMetric)
    assert (message.run, message.key, message.value, message.timestamp, message.step) == ("r", "k", 1.0, 5, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp": "5"},  # protobuf's JSON writes int64 as text
        {"timestamp": 5.0},
        {"step": None},  # null is absent
        {"unknown": [1]},
        {"run_id": None, "run_uuid": "r"},
        {"run_id": None, "runUuid": "r"},
    ],
)
def test_what_protobuf_json_allows_reads_the_same(change: dict[str, Any]) -> None:
    message = framing.from_body(body({**METRIC, **change}), LogMetric)
    assert (message.run, message.timestamp, message.step) == ("r", 5, 0)


def test_camel_case_is_read_and_both_at_once_are_refused() -> None:
    assert framing.from_body(b'{"runName": "n", "startTime": 3}', CreateRun) == CreateRun(run_name="n", start_time=3)
    with pytest.raises(InvalidValue, match="run_name"):
        framing.from_body(b'{"runName": "n", "run_name": "n"}', CreateRun)


def test_json_in_a_json_string_is_read() -> None:
    assert framing.from_body(body(json.dumps({"run_name": "n"})), CreateRun).run_name == "n"


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_special_numbers_are_read_bare_or_quoted(text: str) -> None:
    for value in (text, f'"{text}"'):
        raw = f'{{"run_id": "r", "key": "k", "timestamp": 1, "value": {value}}}'.encode()
        assert framing.from_body(raw, LogMetric).value == text


@pytest.mark.parametrize("text", [b"{nope", b"not json", b"[1]", b"\xff\xfe", b"5"])
def test_a_body_that_is_not_json_is_refused_also_where_nothing_is_required(text: bytes) -> None:
    with pytest.raises(BadRequest, match="not a JSON object"):
        framing.from_body(text, CreateRun)
    assert framing.from_body(b"", CreateRun) == framing.from_body(b" {} ", CreateRun)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (b"", "Missing value for required parameter 'key'"),
        (b"not json", "Missing value for required parameter 'key'"),
        (b"[1]", "Missing value for required parameter 'key'"),
        (b"\xff\xfe", "Missing value for required parameter 'key'"),
        (body({**METRIC, "key": ""}), "Missing value for required parameter 'key'"),
        (body({**METRIC, "timestamp": None}), "Missing value for required parameter 'timestamp'"),
        (body({**METRIC, "key": 5}), "Invalid value 5 for parameter 'key' supplied:  Hint: Value was of type 'int'"),
        (body({**METRIC, "timestamp": "soon"}), "Invalid value 'soon' for parameter 'timestamp' supplied"),
        (body({**METRIC, "timestamp": 2**63}), "64 bits"),
        (body({**METRIC, "value": True}), "Invalid value True for parameter 'value' supplied"),
        (body({**METRIC, "value": {"a": 1}}), "parameter 'value' supplied"),
    ],
)
def test_a_bad_metric_names_its_parameter(value: bytes, sentence: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        framing.from_body(value, LogMetric)
    assert sentence in caught.value.message


@pytest.mark.parametrize(
    ("batch", "sentence"),
    [
        (
            {"metrics": [METRIC, {"key": "a", "value": 1}]},
            "Missing value for required parameter 'metrics[1].timestamp'",
        ),
        ({"metrics": [{**METRIC, "step": "x"}]}, "Invalid value 'x' for parameter 'metrics[0].step' supplied"),
        ({"params": [{"value": "1"}]}, "Missing value for required parameter 'params[0].key'"),
        ({"tags": [{"key": "a", "value": 5}]}, "Invalid value 5 for parameter 'tags[0].value' supplied"),
        ({"tags": "all"}, "Invalid value 'all' for parameter 'tags' supplied"),
    ],
)
def test_a_bad_batch_names_the_path(batch: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        framing.from_body(body({"run_id": "r", **batch}), LogBatch)
    assert sentence in caught.value.message


def test_a_run_is_named_by_either_id() -> None:
    assert UpdateRun(run_uuid="b").run == "b"
    with pytest.raises(InvalidValue, match="'run_id'"):
        _ = UpdateRun().run


def test_a_query_is_a_message() -> None:
    query = QueryParams("run_uuid=a&run_id=a&metric_key=m&max_results=25000")
    assert framing.from_query(query, GetHistory) == GetHistory(
        run_id="a", run_uuid="a", metric_key="m", max_results=25000
    )
    assert framing.from_query(QueryParams("run_id=a&run_id=b&metric_key=m"), GetHistoryBulk).run_id == ["a", "b"]
    assert framing.from_query(QueryParams("maxResults=3"), SearchExperiments).max_results == 3


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("run_id=a", "Missing value for required parameter 'metric_key'"),
        ("run_id=a&metric_key=", "Missing value for required parameter 'metric_key'"),
        ("run_id=a&metric_key=m&max_results=x", "'max_results'"),
    ],
)
def test_a_bad_query_names_its_parameter(query: str, sentence: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        framing.from_query(QueryParams(query), GetHistory)
    assert sentence in caught.value.message


def test_a_boolean_in_a_query_is_true_or_false() -> None:
    text = "name=n&version=1&stage=None&archive_existing_versions="
    assert framing.from_query(QueryParams(f"{text}TRUE"), TransitionStage).archive_existing_versions
    with pytest.raises(InvalidValue, match="must be 'true' or 'false'"):
        framing.from_query(QueryParams(f"{text}yes"), TransitionStage)


def test_the_path_is_part_of_the_message_and_wins() -> None:
    raw = body({"model_id": "m-2", "tags": [{"key": "a", "value": "1"}]})
    message = framing.with_path(raw, LoggedModelTags, {"model_id": "m-1"})
    assert message.model_id == "m-1"
    assert message.tags == [Pair(key="a", value="1")]


def test_the_content_type_is_json() -> None:
    framing.check_content_type("application/json; charset=utf-8")
    with pytest.raises(BadRequest, match="Content-Type header is missing"):
        framing.check_content_type(None)
    with pytest.raises(BadRequest, match="must be one of"):
        framing.check_content_type("text/plain")
