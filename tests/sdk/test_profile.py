"""Model.profile: really served, really asked, kept in the workspace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas  # type: ignore[import-untyped]
import pytest

from azureml.core.profile import ModelProfile
from tests.docker_engine import BASE
from tests.sdk.services import config, write
from zaffre.core.errors import UserErrorException, WebserviceException, WebserviceNotFound
from zaffre.docker.engine import Engine
from zaffre.sdk.environment import Environment
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model
from zaffre.sdk.profiling import requests
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.workspace import Workspace

HUNGRY = """
import json, time
def init():
    global held
    held = bytearray(300 * 1024 * 1024)
    held[:: 4096] = b"1" * len(held[:: 4096])
def run(raw_data):
    number = json.loads(raw_data)["data"]
    if number < 0:
        raise ValueError("no number below 0")
    end = time.thread_time() + 0.004
    while time.thread_time() < end:
        pass
    return number
"""


@pytest.fixture(autouse=True)
def folder(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    write(HUNGRY)
    Path("model.txt").write_text("weights")
    yield
    assert Webservice.list(workspace) == []


def begin(workspace: Workspace, name: str, data: Any, **more: Any) -> ModelProfile:
    model = Model.register(workspace, "model.txt", "digits")
    return Model.profile(workspace, name, [model], config(), data, **more)


def test_a_profile_measures_and_recommends(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    data = pandas.DataFrame({"body": [json.dumps({"data": number}) for number in range(5)]})
    profile = begin(workspace, "digits-size", data, cpu=0.5, memory_in_gb=0.25, description="on a laptop")
    profile.wait_for_completion(show_output=True)
    found = profile.get_details()

    assert (found["name"], found["state"], found["error"]) == ("digits-size", "Succeeded", None)
    assert (found["requestedCpu"], found["requestedMemoryInGB"], found["description"]) == (0.5, 0.25, "on a laptop")
    assert (found["ranAs"], found["limitsEnforced"]) == ("process", False)
    assert 0.29 < found["maxUtilizedMemoryInGB"] < 1
    assert found["recommendedMemoryInGB"] >= found["maxUtilizedMemoryInGB"]
    assert 0.05 < found["maxUtilizedCpu"] < 2
    assert found["totalQueries"] == found["successQueries"] >= 200
    assert found["successRate"] == 100
    assert 4 <= found["latencyPercentile50InMs"] <= found["latencyPercentile90InMs"]
    assert found["latencyPercentile99InMs"] <= found["latencyPercentile999InMs"]
    assert found["measuredQueriesPerSecond"] > 1
    assert (profile.recommended_cpu, profile.recommended_memory_in_gb) == (
        found["recommendedCpu"],
        found["recommendedMemoryInGB"],
    )

    printed = capsys.readouterr().out
    assert "compared, not enforced" in printed
    assert "100 of 200 requests" in printed
    assert "a container of 0.25 GB would end it" in printed
    assert "Recommended are" in printed

    again = ModelProfile(workspace, "digits-size")
    assert again.get_details() == found
    assert again.serialize()["modelIds"] == ["digits:1"]
    assert [one.name for one in ModelProfile.list(workspace, "digits:1")] == ["digits-size"]
    assert [one.name for one in ModelProfile.list(workspace, "digits")] == ["digits-size"]
    assert ModelProfile.list(workspace, "digits:11") == []
    metrics = profile.run.get_metrics()
    assert metrics["recommended_memory_gb"] == found["recommendedMemoryInGB"]
    assert metrics["progress_percent"][-1] == 100
    assert profile.run.get_status() == "Completed"


@pytest.mark.timeout(900)
def test_a_container_is_held_to_the_limits(workspace: Workspace, docker: Engine) -> None:
    assert docker.is_local
    boxed = InferenceConfig(
        "score.py", source_directory="source", environment=Environment.from_docker_image("boxed", BASE)
    )
    model = Model.register(workspace, "model.txt", "digits")
    profile = Model.profile(workspace, "boxed", [model], boxed, ['{"data": 1}'], cpu=0.3, memory_in_gb=1)
    profile.wait_for_completion()
    found = profile.get_details()
    assert (found["ranAs"], found["limitsEnforced"]) == ("container", True)
    assert 0.29 < found["maxUtilizedMemoryInGB"] < 1
    assert 0.05 < found["maxUtilizedCpu"] < 0.5  # its script would take a whole core

    small = Model.profile(workspace, "small", [model], boxed, ['{"data": 1}'], memory_in_gb=0.1)
    with pytest.raises(WebserviceException, match="was ended by SIGKILL in init"):
        small.wait_for_completion()
    assert small.get_details()["state"] == "Failed"


def test_failing_requests_are_counted(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    profile = begin(workspace, "half", [{"data": 1}, {"data": -1}])
    profile.wait_for_completion(show_output=True)
    found = profile.get_details()
    assert 40 < found["successRate"] < 60
    assert "requests failed, the first because the service answered 50" in capsys.readouterr().out


def test_a_profile_without_an_answer_has_failed(workspace: Workspace) -> None:
    profile = begin(workspace, "none", ['{"data": -1}'])
    with pytest.raises(WebserviceException, match="No request of the data set was answered with 200: the service ans"):
        profile.wait_for_completion()
    found = profile.get_details()
    assert found["state"] == "Failed"
    assert "no number below 0" in found["error"]["message"]
    with pytest.raises(WebserviceException, match="has no result"):
        ModelProfile(workspace, "none").wait_for_completion()


def test_a_script_that_does_not_start_fails_the_profile(workspace: Workspace) -> None:
    write("def init():\n    raise OSError('no weights')\ndef run(d): pass")
    profile = begin(workspace, "broken", ["1"])
    with pytest.raises(WebserviceException, match="OSError: no weights"):
        profile.wait_for_completion()


def test_what_cannot_be_profiled_is_refused_before_anything_is_made(workspace: Workspace) -> None:
    for given, words in (
        ({"name": "No Name"}, "is not a name of a profile"),
        ({"cpu": 0}, "cpu of a profile must be a number of 0.1 or more, not 0"),
        ({"memory_in_gb": "much"}, "memory_in_gb of a profile must be a number"),
        ({"data": []}, "has no requests"),
        ({"data": 7}, "input_dataset is a int"),
        ({"data": pandas.DataFrame({"a": [1], "b": [2]})}, r"has 2 columns \(a, b\), and one is taken"),
        ({"data": [object()]}, "Request 0 of input_dataset is a object"),
    ):
        with pytest.raises((WebserviceException, UserErrorException), match=words):
            begin(workspace, **{"name": "refused", "data": ["1"], **given})
    assert [experiment.name for experiment in Experiment.list(workspace)] == []
    with pytest.raises(WebserviceNotFound, match="ModelProfile with name refused not found"):
        ModelProfile(workspace, "refused")


def test_files_of_requests(tmp_path: Path) -> None:
    Path("r.jsonl").write_text('{"data": 1}\n\n{"data": 2}\n')
    Path("r.json").write_text('[{"data": 1}, "text"]')
    Path("r.csv").write_text('body\n"{""data"": 1}"\n"{""data"": 2}"\n')
    Path("bare.csv").write_text("1\n2\n")
    assert requests.bodies("r.jsonl") == [b'{"data": 1}', b'{"data": 2}']
    assert requests.bodies(tmp_path / "r.json") == [b'{"data": 1}', b"text"]
    assert requests.bodies("r.csv") == [b'{"data": 1}', b'{"data": 2}']
    assert requests.bodies("bare.csv") == [b"1", b"2"]
    Path("wide.csv").write_text("a,b\n1,2\n")
    Path("bad.json").write_text("{")
    for name, words in (
        ("wide.csv", "rows of 2 columns"),
        ("bad.json", "is not JSON"),
        ("r.parquet", "There is no file"),
        ("source/score.py", "cannot be read as requests"),
    ):
        with pytest.raises(UserErrorException, match=words):
            requests.bodies(name)
