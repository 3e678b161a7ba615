"""Images of environments in a registry: pushed when they are built, fetched where another machine built them."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest

from tests.environments.image_builder import Builds, environment
from tests.image_registry import image_registry
from zaffre.core.errors import EnvironmentBuildFailed, InvalidValue
from zaffre.docker import images
from zaffre.docker.engine import Engine
from zaffre.environments import image_disk
from zaffre.environments.image_registry import configured


@pytest.fixture
def build(docker: Engine, home: Path, monkeypatch: pytest.MonkeyPatch) -> Builds:
    monkeypatch.setenv("ZAFFRE_CONDA", "pypi")
    monkeypatch.setenv("DOCKER_CONFIG", str(home))
    return Builds(docker, home)


def unique() -> str:
    return f"pushed{time.time_ns()}"


def forget(build: Builds, tag: str, address: str) -> None:
    """As on another machine, whose engine has neither the image nor its name in the registry."""
    images.remove(build.engine, f"{address}/{tag}")
    images.remove(build.engine, tag)


def test_an_image_is_pushed_when_it_is_built_and_fetched_where_it_is_not(
    build: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = unique()
    with image_registry(sign_in="me:hunter2") as registry:
        monkeypatch.setenv("ZAFFRE_REGISTRY", f"{registry.address}/team")
        monkeypatch.setenv("ZAFFRE_REGISTRY_USER", "me")
        monkeypatch.setenv("ZAFFRE_REGISTRY_PASSWORD", "hunter2")
        first = build(environment("six==1.16.0", name=name))
        assert registry.tags == [f"team/{first.tag}"]
        assert f"Pushed the image as {registry.address}/team/{first.tag}." in build.log
        assert "hunter2" not in "\n".join(build.log)
        assert build(environment("six==1.16.0", name=name)).reused
        forget(build, first.tag, f"{registry.address}/team")
        again = build(environment("six==1.16.0", name=name))
        assert f"Fetched the image {registry.address}/team/{first.tag}, which was built elsewhere." in build.log
        assert not any(line.startswith("Building the image") for line in build.log)
        assert build.run(again, again.python, "-c", "import six; print(six.__version__)") == "1.16.0\n"
    (item,) = image_disk.items(build.engine, build.home)
    assert image_disk.remove(build.engine, build.home, item)
    assert images.inspect(build.engine, again.id) is None


def test_a_registry_that_is_away_is_said_and_an_error_only_for_those_who_asked_to_push(
    build: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    with image_registry() as registry:
        address = registry.address
    monkeypatch.setenv("ZAFFRE_REGISTRY", address)
    given = environment("six==1.16.0", name=unique())
    image = build(given)
    assert any(
        line.startswith(f"NOTICE: The image {image.tag} is built, and cannot be pushed to") for line in build.log
    )
    with pytest.raises(EnvironmentBuildFailed, match=f"cannot be pushed to {address} .*ZAFFRE_REGISTRY_PASSWORD"):
        build(given, push=True)


def test_a_wrong_password_is_told_in_the_registrys_words(build: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    with image_registry(sign_in="me:hunter2") as registry:
        monkeypatch.setenv("ZAFFRE_REGISTRY", registry.address)
        with pytest.raises(EnvironmentBuildFailed, match="no basic auth credentials"):
            build(environment("six==1.16.0", name=unique()), push=True)
        assert registry.tags == []


def test_what_docker_login_kept_signs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("ZAFFRE_REGISTRY", "https://host:5000/team/")
    assert configured() == images.Registry("host:5000/team")
    auths = {"host:5000": {"auth": base64.b64encode(b"me:hunter2").decode()}}
    (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))
    assert configured() == images.Registry("host:5000/team", "me", "hunter2")
    assert "hunter2" not in repr(configured())


def test_the_setting_is_checked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home
    assert configured() is None
    monkeypatch.setenv("ZAFFRE_REGISTRY", "a registry")
    with pytest.raises(InvalidValue, match="ZAFFRE_REGISTRY='a registry' is no place of a registry:"):
        configured()
