from __future__ import annotations

from pathlib import Path

import pytest

from tests.docker_engine import BASE
from zaffre.core.errors import EngineError, EngineUnavailable
from zaffre.docker import containers, images
from zaffre.docker.engine import Engine


def test_the_engine_says_what_it_is(docker: Engine) -> None:
    found = Engine.connect()
    assert found == docker
    assert (found.name, found.has_buildkit, found.is_local) == ("Docker", True, True)
    assert found.version


def test_a_refusal_has_the_engines_words_and_a_status(docker: Engine) -> None:
    with pytest.raises(EngineError, match="No such container: nothing") as caught:
        docker.get("/containers/nothing/json")
    assert caught.value.facts["status"] == 404


def test_what_is_not_there_is_none(docker: Engine) -> None:
    assert images.inspect(docker, "zaffre-test/none:1") is None
    assert containers.inspect(docker, "none") is None
    assert not images.remove(docker, "zaffre-test/none:1")
    containers.remove(docker, "none")


def test_a_short_program_and_its_output(docker: Engine) -> None:
    assert containers.output_of(docker, BASE, ["/bin/sh", "-c", "echo out; exit 3"]) == (3, "out\n")
    with pytest.raises(EngineError, match="nowhere"):
        containers.output_of(docker, BASE, ["/nowhere"])


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tcp://127.0.0.1:1", "No container engine answers at tcp://127.0.0.1:1"),
        ("ssh://host", "none of unix:///path and tcp://host:port"),
    ],
)
def test_no_engine_is_a_sentence(address: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(EngineUnavailable) as caught:
        Engine.connect()
    assert words in caught.value.message


def test_without_any_address_the_sentence_says_what_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if Path("/var/run/docker.sock").exists() or Path("/run/podman/podman.sock").exists():
        pytest.skip("this machine has an engine of its own")
    for name in ("DOCKER_HOST", "CONTAINER_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(EngineUnavailable, match="sudo systemctl start docker"):
        Engine.connect()
