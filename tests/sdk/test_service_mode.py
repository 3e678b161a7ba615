"""Where a local service runs, and what is said where it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zaffre.core.errors import EngineUnavailable, InvalidValue
from zaffre.docker.engine import Engine
from zaffre.sdk import service_mode
from zaffre.sdk.environment import Environment
from zaffre.sdk.inference import InferenceConfig


def definition(**docker: Any) -> dict[str, Any]:
    environment = Environment("e")
    for name, value in docker.items():
        setattr(environment.docker, name, value)
    return environment._definition()


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ZAFFRE_LOCAL_SERVICE", raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert service_mode.choose(definition()).sentence == "runs as a process on this machine, without Docker"
    switched_on = service_mode.choose(definition(enabled=True))
    assert not switched_on.container
    assert "No container engine answers at unix://" in switched_on.sentence
    for needing in (definition(base_image="python:3.12"), definition(base_dockerfile="FROM python:3.12\n")):
        with pytest.raises(EngineUnavailable, match=r"No container engine answers .*none\.sock"):
            service_mode.choose(needing)
    monkeypatch.setenv("ZAFFRE_LOCAL_SERVICE", "docker")
    with pytest.raises(EngineUnavailable):
        service_mode.choose(definition())
    monkeypatch.setenv("ZAFFRE_LOCAL_SERVICE", "process")
    assert not service_mode.choose(definition(base_image="python:3.12")).container
    monkeypatch.setenv("ZAFFRE_LOCAL_SERVICE", "podman")
    with pytest.raises(InvalidValue, match="'podman', and must be one of auto, docker, process"):
        service_mode.choose(definition())


def test_with_an_engine(docker: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZAFFRE_LOCAL_SERVICE", raising=False)
    assert not service_mode.choose(definition()).container
    for asking in (definition(enabled=True), definition(base_image="python:3.12")):
        chosen = service_mode.choose(asking)
        assert chosen.container
        assert docker.address in chosen.sentence
    monkeypatch.setenv("ZAFFRE_LOCAL_SERVICE", "docker")
    assert service_mode.choose(definition()).container


def test_the_older_way_to_name_an_image(tmp_path: Path) -> None:
    (tmp_path / "score.py").write_text("def init(): pass\ndef run(data): pass\n")
    (tmp_path / "steps").write_text("RUN true\n")
    given: dict[str, Any] = {"runtime": "python", "source_directory": str(tmp_path)}
    named = InferenceConfig("score.py", base_image="python:3.12", **given)._environment()
    assert (named.docker.enabled, named.docker.base_image) == (True, "python:3.12")
    stepped = InferenceConfig("score.py", base_image="python:3.12", extra_docker_file_steps="steps", **given)
    assert stepped._environment().docker.base_dockerfile == "FROM python:3.12\nRUN true\n"
