"""What is said of an image that was built: why, and where the time went."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from tests.docker_engine import BASE
from tests.environments import image_builder
from tests.environments.image_builder import Builds
from zaffre.docker import images
from zaffre.docker.engine import Engine
from zaffre.environments.explain import Explanation
from zaffre.environments.image_explain import explain_image

NAME = "explained"
STAMP = f"FROM {BASE}\nENV STAMP={uuid4().hex}\n"  # the engine has no image and no layer of it


def environment(*pip: str, name: str = NAME, dockerfile: str = STAMP) -> dict[str, Any]:
    return image_builder.environment(*pip, name=name, baseImage=None, baseDockerfile=dockerfile)


@pytest.fixture(scope="module")
def first(shared_docker: Engine, tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """A home in which one image was built under the name; tests build others there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZAFFRE_CONDA", "pypi")
        made = Builds(shared_docker, tmp_path_factory.mktemp("history"))
        made(environment("six==1.16.0"))
        return made


@pytest.fixture
def build(first: Builds, docker: Engine, monkeypatch: pytest.MonkeyPatch) -> Builds:
    assert docker
    monkeypatch.setenv("ZAFFRE_CONDA", "pypi")
    return first


def explained(build: Builds, *pip: str) -> Explanation:
    return explain_image(environment(*pip), build.home)


def test_the_first_build_has_its_steps_and_no_reason(build: Builds) -> None:
    first = explained(build, "six==1.16.0").resolutions[0]
    assert (first.built, first.reasons) == (True, [])
    assert {"resolve", "image", "export"} <= set(first.seconds)
    assert first.packages == {"six": "1.16.0"}


def test_another_specification_is_the_reason_for_another_image(build: Builds) -> None:
    before = explained(build, "six==1.17.0")
    assert before.image == ""
    assert "- pip six==1.16.0" in before.differs[0]
    image = build(environment("six==1.17.0"))
    after = explained(build, "six==1.17.0")
    assert (after.image, after.differs) == (image.tag, [])
    assert after.resolutions[-1].key == image.key
    asked, packages = after.resolutions[-1].reasons
    assert "+ pip six==1.17.0, - pip six==1.16.0" in asked
    assert packages.endswith(": six 1.16.0 -> 1.17.0.")
    assert asked in build.log
    assert asked in image.notes
    build(environment("six==1.17.0"))
    assert len(explained(build, "six==1.17.0").resolutions) == len(after.resolutions)  # found: not resolved again


def test_an_image_that_is_gone_is_built_again_from_its_lock(build: Builds) -> None:
    image = build(environment("six==1.15.0"))
    images.remove(build.engine, image.tag)
    gone = explained(build, "six==1.15.0")
    assert gone.state == "Its image is not built here: the next use builds it from its lock."
    assert gone.lock == image.lock
    build(environment("six==1.15.0"))
    (reason,) = explained(build, "six==1.15.0").resolutions[-1].reasons
    assert reason == f"The image {image.tag}, built before from this lock, is gone."


def test_the_steps_that_are_done_are_timed_and_told(build: Builds) -> None:
    image = build(environment("six==1.14.0", "azureml-core", name="timed"))
    assert list(image.split)[:2] == ["base", "resolve"]
    assert {"send", "packages", "own", "export", "image"} <= set(image.split)
    assert sum(image.split.values()) <= image.seconds + 0.1  # rounded
    step = next(line.partition(" ")[0] for line in build.log if line.endswith("/install.sh"))
    assert any(re.fullmatch(rf"{step} took \d+\.\d s", line) for line in build.log)


def test_another_state_of_the_base_image_is_told(build: Builds) -> None:
    for text in ("ENV A=1", "ENV A=2"):
        image = build(environment("six==1.16.0", name="moved", dockerfile=f"{STAMP}{text}\n"))
    assert any("+ image of its Dockerfile (" in note for note in image.notes)


def test_resolved_anew_on_request_says_so(build: Builds) -> None:
    image = build(environment("six==1.16.0"), anew=True)
    assert image.reused
    assert explained(build, "six==1.16.0").resolutions[-1].reasons[0] == "It was asked to be resolved anew."
