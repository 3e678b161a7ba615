"""The last look at an entry script: run() on its own sample, before the port is open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import zaffre
from tests.serving import peer_server
from tests.serving.scoring_process import ScoringProcess
from tests.waiting import until

OURS = str(Path(zaffre.__file__).parent.parent)
ASKED = ("--preflight", "sample")
SAMPLED = """
    import json
    preflight_sample = {"data": [1, 2]}
    def init():
        print("init ran", flush=True)
    def run(raw_data):
        print("run got", raw_data, flush=True)
        return sum(json.loads(raw_data)["data"])
"""


def fault(folder: Path, script: str, *more: str) -> dict[str, Any]:
    service = ScoringProcess(folder, script, *(more or ASKED)).launch()
    assert service.wait() == 3
    error: dict[str, Any] = service.status()["error"]
    assert error["message"] in service.log()
    return error


def test_run_is_called_once_on_the_sample(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SAMPLED, *ASKED, "--workers", "3") as service:
        assert service.status()["preflight"].startswith("run() on the sample 0.")
        assert service.score({"data": [3]}).json() == 3
        assert b'zaffre_requests_total{status="200"} 1' in service.http.get("/metrics").content
        until(lambda: service.log().count("init ran") == 3, "the start of all workers", 60)
    assert service.log().count('run got {"data": [1, 2]}') == 1


def test_it_is_not_called_unless_asked(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SAMPLED) as service:
        assert service.status()["preflight"] == "not called: switched off"
    assert "run got" not in service.log()


def test_a_worker_that_takes_the_place_of_another_does_not_call_it_again(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SAMPLED, *ASKED, "--max-requests", "2") as service:
        for _ in range(5):
            service.score({"data": [3]})
        until(lambda: service.log().count("init ran") > 1, "the start of another worker", 60)
        service.score({"data": [3]})
    assert service.log().count('{"data": [1, 2]}') == 1


def test_a_script_without_a_sample_is_not_called(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SAMPLED.replace("preflight_sample", "other"), *ASKED) as service:
        assert service.status()["preflight"] == "not called: the script has no sample"
    assert "run got" not in service.log()


@pytest.mark.parametrize(
    ("sample", "body"),
    [("'text'", "text"), ("b'bytes'", "bytes"), ("lambda: [1]", "[1]"), ("{'a': None}", '{"a": null}')],
)
def test_the_sample_is_text_bytes_json_or_a_function_of_those(tmp_path: Path, sample: str, body: str) -> None:
    script = f"preflight_sample = {sample}\ndef init(): pass\ndef run(d): print('got', d)\n"
    with ScoringProcess(tmp_path, script, *ASKED) as service:
        assert f"got {body}\n" in service.log()


def test_a_script_knows_the_call_by_its_header(tmp_path: Path) -> None:
    script = """
        preflight_sample = "x"
        def init(): pass
        def run(data, request_headers): print("told", request_headers.get("X-Zaffre-Preflight"))
    """
    with ScoringProcess(tmp_path, script, *ASKED) as service:
        service.score("x")
        service.wait_for_log("told None")
    assert service.log().count("told sample") == 1


RUN = "preflight_sample = '{\"data\": 1}'\ndef init(): pass\n"
FAULTS = {
    "an exception": ("def run(d):\n    return d[99]\n", "run() of score.py on the sample raised IndexError"),
    "sys.exit": ("import sys\ndef run(d): sys.exit(4)\n", "on the sample raised SystemExit: 4"),
    "no JSON form": ("def run(d): return object()\n", "is not JSON serialisable: builtins.object"),
    "an error status": (
        "from zaffre.core.rawhttp import AMLResponse, rawhttp\n@rawhttp\ndef run(r): return AMLResponse('no', 418)\n",
        "answered the sample with status 418: no",
    ),
    "a stream that breaks": ("def run(d):\n    yield 1\n    raise OSError('half')\n", "raised OSError: half"),
    "a batch of the wrong length": (
        "from zaffre.serving import batched\n@batched(max_size=2, max_wait_ms=1)\ndef run(rows): return []\n",
        "got 1 rows and returned 0 results",
    ),
    "a crash": ("import ctypes\ndef run(d): ctypes.string_at(0)\n", "was ended by SIGSEGV in run() on the sample"),
    "a sample that raises": ("def preflight_sample(): raise KeyError('x')\ndef run(d): pass\n", "raised KeyError: 'x'"),
    "a sample of no kind": ("preflight_sample = object()\ndef run(d): pass\n", "must be text, bytes or JSON"),
    "a sample that is no text": ("preflight_sample = b'\\xff'\ndef run(d): pass\n", "does not fit its run()"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_sample_that_is_not_answered_ends_with_status_3(tmp_path: Path, name: str) -> None:
    script, words = FAULTS[name]
    error = fault(tmp_path, RUN + script)
    assert error["stage"] == "sample"
    assert words in error["message"]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("async def run(d):\n    await asyncio.sleep(0)\n    return d", ""),
        ("async def run(d):\n    yield d", ""),
        ("async def run(d):\n    await asyncio.sleep(0)\n    raise OSError('late')", "raised OSError: late"),
        ("async def run(d):\n    yield d\n    raise OSError('half')", "raised OSError: half"),
    ],
)
def test_an_async_run_is_carried_out(tmp_path: Path, run: str, words: str) -> None:
    script = f"import asyncio\n{RUN}{run}\n"
    if words:
        assert words in fault(tmp_path, script)["message"]
        return
    with ScoringProcess(tmp_path, script, *ASKED) as service:
        assert service.status()["preflight"].startswith("run() on the sample")
        assert service.score("x").status_code == 200


def test_the_traceback_begins_in_the_script(tmp_path: Path) -> None:
    error = fault(tmp_path, RUN + "def f(d):\n    return d[99]\n\ndef run(d):\n    return f(d)\n")
    lines = error["details"].splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].endswith('score.py", line 7, in run')
    assert lines[-1] == "IndexError: string index out of range"
    assert error["kind"] == "IndexError"


@pytest.mark.parametrize(
    "loop",
    [
        "\n    while True: pass",
        "import time; time.sleep(600)",
        "\n    while True:\n        try: pass\n        except Exception: pass",
    ],
)
def test_a_call_that_does_not_end_is_ended(tmp_path: Path, loop: str) -> None:
    error = fault(tmp_path, RUN + f"def run(d): {loop}\n", *ASKED, "--timeout-ms", "500")
    assert "took longer than 0.5 s" in error["message"]
    assert "in run" in error["details"]


def test_a_call_whose_signal_is_the_scripts_own_is_ended_too(tmp_path: Path) -> None:
    own = (
        "import signal\ndef init(): signal.signal(signal.SIGALRM, lambda *a: None)\ndef run(d):\n    while True: pass\n"
    )
    error = fault(tmp_path, RUN + own, *ASKED, "--timeout-ms", "500")
    assert "ended with exit code 1 in run() on the sample" in error["message"]


@pytest.mark.parametrize(
    ("stage", "script"),
    [
        ("import", "import os\nos._exit(9)\n"),
        ("init", "import os\ndef init(): os._exit(9)\ndef run(d): pass\n"),
    ],
)
def test_a_process_that_ends_names_the_step(tmp_path: Path, stage: str, script: str) -> None:
    error = fault(tmp_path, script)
    assert error["stage"] == stage
    assert "ended with exit code 9 in " in error["message"]


SCHEMA = """
import numpy
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.schema_decorators import input_schema
def init(): pass
@input_schema("data", NumpyParameterType(numpy.array([[1.0, 2.0]])))
def run(data):
    print("sum", data.sum(), type(data).__name__, flush=True)
    return data.sum() / WEIGHT
WEIGHT = 1
"""


@pytest.mark.timeout(600)
def test_the_sample_of_a_schema_is_converted_as_any_input(tmp_path: Path) -> None:
    python = str(peer_server.python())
    with ScoringProcess(tmp_path, SCHEMA, *ASKED, python=python, PYTHONPATH=OURS) as service:
        assert "sum 3.0 ndarray" in service.log()
        assert service.score({"data": [[2.0, 2.0]]}, headers={"content-type": "application/json"}).json() == 4.0
    service = ScoringProcess(
        tmp_path, SCHEMA.replace("WEIGHT = 1", "WEIGHT = {}"), *ASKED, python=python, PYTHONPATH=OURS
    ).launch()
    assert service.wait() == 3
    error = service.status()["error"]
    assert "on the sample raised" in error["message"]
    assert 'score.py", line 9, in run' in error["details"]
