"""InferenceConfig: what can be deployed is said when it is written, not when it is deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zaffre.core.errors import Unsupported, WebserviceException
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig

SCRIPT = "def init(): pass\ndef run(data): return data\n"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "source"
    (folder / "inner").mkdir(parents=True)
    for path in ("score.py", "inner/score.py"):
        (folder / path).write_text(SCRIPT)
    (tmp_path / "score.py").write_text(SCRIPT)
    return folder


def test_the_script_is_relative_to_the_source_directory(source: Path) -> None:
    environment = Environment("e")
    config = InferenceConfig("inner/score.py", source_directory="source", environment=environment)
    assert config.script_path == Path("source/inner/score.py")
    assert InferenceConfig("score.py", environment=environment).script_path.absolute() == source.parent / "score.py"
    assert "entry_script='inner/score.py'" in repr(config)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("missing.py", "There is no entry script at .*missing.py .relative|There is no entry script"),
        ("score.txt", "must be a Python file"),
        ("two words.py", "cannot be imported"),
        ("class.py", "cannot be imported"),
        ("2nd.py", "cannot be imported"),
        ("broken.py", "not valid Python: .*line 1"),
        ("../score.py", "must be inside the source directory"),
    ],
)
def test_a_script_that_cannot_be_deployed_is_refused(source: Path, script: str, words: str) -> None:
    for name in ("score.txt", "two words.py", "class.py", "2nd.py"):
        (source / name).write_text(SCRIPT)
    (source / "broken.py").write_text("def init(:\n")
    with pytest.raises(WebserviceException, match=words):
        InferenceConfig(script, source_directory=str(source), environment=Environment("e"))


def test_a_source_directory_that_is_no_folder_is_refused(source: Path) -> None:
    with pytest.raises(WebserviceException, match=r"score\.py is not a folder"):
        InferenceConfig("score.py", source_directory=str(source / "score.py"), environment=Environment("e"))


def test_the_older_way_with_a_conda_file(source: Path) -> None:
    (source / "conda.yml").write_text("dependencies:\n- python=3.11\n- pip:\n  - six==1.17.0\n")
    config = InferenceConfig("score.py", runtime="python", conda_file="conda.yml", source_directory=str(source))
    assert "six==1.17.0" in str(config._environment()._definition())
    bare = InferenceConfig("score.py", runtime="python", source_directory=str(source))
    assert bare._environment().name == "inference"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({}, WebserviceException, "needs an environment"),
        ({"runtime": "ruby"}, WebserviceException, "'ruby' is not a runtime"),
        ({"runtime": "python", "conda_file": "none.yml"}, WebserviceException, r"no conda file at .*none\.yml"),
        ({"runtime": "python", "environment": Environment("e")}, WebserviceException, "cannot have runtime"),
        ({"environment": Environment("e"), "enable_gpu": True}, WebserviceException, "cannot have enable_gpu"),
        ({"runtime": "spark-py"}, Unsupported, "spark-py"),
        ({"runtime": "python", "extra_docker_file_steps": "no"}, WebserviceException, "no file with Docker steps at"),
        ({"runtime": "python", "cuda_version": "11.0"}, Unsupported, "cuda_version"),
    ],
)
def test_what_no_service_can_honour_is_refused(
    source: Path, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        InferenceConfig("score.py", source_directory=str(source), **arguments)
