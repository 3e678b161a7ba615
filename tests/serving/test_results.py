"""What run() may return, and how it travels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving.scoring_process import ScoringProcess
from zaffre.serving.results import NotSerialisable, answer, encode

INTERNAL = {"message": "An unexpected internal error occurred. Check the logs for more info."}

# run() returns the value of the Python expression in the body.
SCRIPT = """
    import datetime, decimal, json, uuid
    import numpy, pandas
    class Custom:
        def __init__(self, text): self.text = text
        def toJSON(self): return self.text
    class Broken:
        def toJSON(self): raise KeyError("inside toJSON")
    loop = []
    loop.append(loop)
    def init(): pass
    def run(data): return eval(data)
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScoringProcess]:
    with ScoringProcess(tmp_path_factory.mktemp("results"), SCRIPT) as running:
        yield running


RESULTS: list[tuple[str, Any]] = [
    ("[2]", [2]),
    ("None", {}),
    ("json.dumps({'a': 1})", '{"a": 1}'),  # a text is encoded again
    ("'héllo'", "héllo"),
    ("True", True),
    ("(1, 2.5)", [1, 2.5]),
    ("{'a': {'b': None}}", {"a": {"b": None}}),
    ("numpy.array([[1, 2], [3, 4]])", [[1, 2], [3, 4]]),
    ("numpy.float32(0.5)", 0.5),
    ("numpy.int64(7)", 7),
    ("numpy.bool_(True)", True),
    ("{'y': [numpy.int64(1), numpy.arange(2)]}", {"y": [1, [0, 1]]}),
    ("pandas.DataFrame({'a': [1, 2], 'b': ['x', 'y']})", [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
    ("pandas.Series([1.5, 2.5])", [1.5, 2.5]),
    ("pandas.Index(['p', 'q'])", ["p", "q"]),
    ("pandas.Timestamp('2020-01-02T03:04:05')", "2020-01-02T03:04:05"),
    ("[pandas.NA]", [None]),
    ("datetime.date(2020, 1, 2)", "2020-01-02"),
    ("decimal.Decimal('1.25')", 1.25),
    ("uuid.UUID(int=1)", "00000000-0000-0000-0000-000000000001"),
    ("Custom('[1, 2]')", [1, 2]),
    ("Custom('plain words')", "plain words"),
    ("[Custom('{\"k\": 3}')]", [{"k": 3}]),
]


@pytest.mark.parametrize(("expression", "expected"), RESULTS, ids=[expression for expression, _ in RESULTS])
def test_a_result_is_answered_as_json(service: ScoringProcess, expression: str, expected: Any) -> None:
    reply = service.http.post("/score", content=expression.encode())
    assert (reply.status_code, reply.json()) == (200, expected), service.log()
    assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("b'raw'", "bytes must be decoded to text first"),
        ("{1, 2}", "builtins.set has no JSON form"),
        ("object()", "builtins.object has no JSON form"),
        ("{(1, 2): 3}", "keys must be str"),
        ("loop", "Circular reference"),
        ("Broken()", "KeyError: 'inside toJSON'"),
        ("[(i for i in [1])]", "generator has no JSON form"),
    ],
)
def test_what_is_not_json_is_500_and_the_log_names_the_type(
    service: ScoringProcess, expression: str, words: str
) -> None:
    reply = service.http.post("/score", content=expression.encode())
    assert (reply.status_code, reply.json()) == (500, INTERNAL)
    assert reply.headers["x-ms-run-function-failed"] == "False"
    service.wait_for_log(words)


def test_not_a_number_is_written_as_python_does() -> None:
    assert encode([float("nan"), float("inf")]) == b"[NaN, Infinity]"


def test_deep_nesting_is_not_a_crash() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(NotSerialisable):
        encode(deep)


def test_a_flask_response_keeps_its_status_body_and_headers(tmp_path: Path) -> None:
    script = """
        import flask
        def init(): pass
        def run(data):
            return flask.Response(b"\\x00\\x01", status=int(data), content_type="image/png", headers={"X-Kind": "icon"})
    """
    with ScoringProcess(tmp_path, script) as service:
        reply = service.score(203)
        assert (reply.status_code, reply.content) == (203, b"\x00\x01")
        assert (reply.headers["content-type"], reply.headers["x-kind"]) == ("image/png", "icon")
        assert reply.headers["x-ms-run-function-failed"] == "False"
        assert service.score(503).headers["x-ms-run-function-failed"] == "True"


def test_a_plain_result_needs_no_look_at_its_attributes() -> None:
    assert json.loads(answer({"status_code": 1, "headers": 2}).body) == {"status_code": 1, "headers": 2}
