"""Images of environments, built by a real engine."""

from __future__ import annotations

import json
import os
import tarfile
import threading
import time
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.docker_engine import BASE, door_to
from tests.environments.image_builder import Builds, environment
from zaffre.core.errors import ActivityCanceledException, EngineUnavailable, EnvironmentBuildFailed, Unsupported
from zaffre.docker import images
from zaffre.docker.engine import Engine
from zaffre.environments import image_base, image_disk, lock
from zaffre.environments.image_explain import explain_image
from zaffre.environments.image_recipe import context_of
from zaffre.environments.image_spec import needs_image, read
from zaffre.environments.images import Image, build_image, find_image
from zaffre.environments.lock import OWN_WHEEL


@pytest.fixture
def build(docker: Engine, home: Path, monkeypatch: pytest.MonkeyPatch) -> Builds:
    monkeypatch.setenv("ZAFFRE_CONDA", "pypi")
    return Builds(docker, home)


def test_packages_stand_on_the_base_image_and_equal_content_is_built_once(build: Builds) -> None:
    first = build(environment("six==1.16.0"))
    assert first.tag == f"zaffre/tested:{first.key}"
    assert first.lock is not None
    assert "six==1.16.0" in first.lock.pip
    assert build.run(first, first.python, "-c", "import six; print(six.__version__)") == "1.16.0\n"
    again = build(environment("six==1.16.0"))
    assert (again.id, again.reused, build.log) == (first.id, True, [f"Reusing the image {first.tag}."])
    assert build(environment("six==1.17.0")).key != first.key


def test_nothing_that_a_step_needed_is_in_the_image(build: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_INSECURE_HOST", "secret-host.invalid")
    image = build(environment("six==1.16.0", "azureml-core", name="clean"))
    listed = build.run(image, "/bin/sh", "-c", "ls -A /run/zaffre /var/cache/uv /tmp; env; command -v uv || echo none")
    assert listed.rstrip().endswith("none")
    assert "settings" not in listed
    assert "secret" not in listed
    history = json.dumps(build.engine.get(f"/images/{image.tag}/history"))
    assert "secret" not in history
    assert "SSL_CERT_FILE" not in history


def test_azures_packages_are_our_own_code_in_a_layer_above_the_others(build: Builds) -> None:
    image = build(environment("six==1.16.0", "azureml-core", name="ours"))
    found = build.run(image, image.python, "-c", "import azureml.core, zaffre; print(zaffre.__file__)")
    assert found.startswith("/opt/zaffre/env/")
    steps = [entry["CreatedBy"] for entry in build.engine.get(f"/images/{image.tag}/history")]
    ours = next(number for number, step in enumerate(steps) if "own.sh" in step)
    others = next(number for number, step in enumerate(steps) if "install.sh" in step)
    assert ours < others  # the newest layer comes first


def test_a_new_state_of_our_code_leaves_the_layer_of_the_others_as_it_is(docker: Engine, home: Path) -> None:
    found = images.inspect(docker, BASE)
    assert found is not None
    base = image_base.look(docker, found, home, BASE)
    contexts = []
    for state in ("1", "2"):
        pip = f"six==1.16.0 \\\n    --hash=sha256:00\nzaffre @ {OWN_WHEEL}zaffre-0+{state}-py3-none-any.whl"
        made = lock.make("3.11.2", pip=pip, of=base.platform)
        contexts.append(context_of(base, made, python="python3", options=[], wheels=home, tokens={}, uv=b"uv"))
    first, second = contexts
    assert first.dockerfile == second.dockerfile
    changed = {name for name in {*first.files, *second.files} if first.files.get(name) != second.files.get(name)}
    assert {name.partition("/")[0] for name in changed} == {"second"}
    assert b"six==1.16.0" in bytes(first.files["first/requirements.txt"])


def test_a_dockerfile_is_the_base(build: Builds) -> None:
    text = f"FROM {BASE}\nRUN echo from the dockerfile > /told\nUSER 1234\nLABEL stamp={uuid4().hex}\n"
    image = build(environment("six", name="filed", baseImage=None, baseDockerfile=text))
    assert build.run(image, "/bin/sh", "-c", "cat /told; id -u") == "from the dockerfile\n1234\n"
    assert any("from the dockerfile" in line for line in build.log)


def test_the_image_of_a_dockerfile_is_on_the_list_of_what_can_be_removed(build: Builds) -> None:
    text = f"FROM {BASE}\nENV STAMP={os.getpid()}\n"
    definition = environment(name="bottom", baseImage=None, baseDockerfile=text)
    definition["python"] = {"userManagedDependencies": True}
    image = build(definition)
    (item,) = image_disk.items(build.engine, build.home)
    assert (item.key, item.what) == (image.tag, "bottom (image)")
    assert image_disk.remove(build.engine, build.home, item)
    assert find_image(definition, engine=build.engine, home=build.home) is None


def test_an_image_as_it_is(build: Builds) -> None:
    definition = {"name": "bare", "docker": {"baseImage": BASE}, "python": {"userManagedDependencies": True}}
    image = build(definition)
    assert (image.tag, image.key, image.lock, image.reused) == (BASE, "user-managed", None, True)
    assert image.python == "/usr/bin/python3"


def test_a_python_that_the_image_lacks_is_the_nearest_one_and_strict_is_an_error(
    build: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    definition = environment("six", name="older", conda=("python=3.9",))
    image = build(definition)
    assert any(f"is not in the image {BASE}; Python 3.11" in line for line in image.notes)
    monkeypatch.setenv("ZAFFRE_PYTHON_FALLBACK", "strict")
    with pytest.raises(EnvironmentBuildFailed, match=r"asks for Python 3\.9"):
        build(definition)


def test_an_image_without_python_gets_one_from_uv_or_says_so(build: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PYTHON_INSTALL_MIRROR", "https://127.0.0.1:1/none")
    text = f"FROM {BASE}\nRUN rm -f /usr/bin/python3*\n"
    with pytest.raises(EnvironmentBuildFailed, match="install") as caught:
        build(environment("six", name="bald", baseImage=None, baseDockerfile=text))
    assert "has no Python; Python 3.11 is put into it by uv" in "\n".join(build.log)
    assert "ython" in caught.value.message


def test_two_that_build_the_same_build_it_once(build: Builds) -> None:
    stamp = str(time.time_ns())
    text = f"FROM {BASE}\nRUN echo {stamp}; sleep 1\n"
    definition = environment("six", name="twice", baseImage=None, baseDockerfile=text)
    logs: list[list[str]] = [[], []]
    made: list[Image] = []

    def work(log: list[str]) -> None:
        made.append(build_image(definition, engine=build.engine, home=build.home, log=log.append))

    threads = [threading.Thread(target=work, args=(log,)) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made[0].id == made[1].id
    assert sum(any(line.startswith("Building the image") and "Dockerfile" in line for line in log) for log in logs) == 1
    assert any(line.startswith("Waiting for another process") for log in logs for line in log)


def test_a_build_that_is_canceled_stops_and_leaves_no_image(build: Builds) -> None:
    cancel = threading.Event()
    text = f"FROM {BASE}\nRUN echo {time.time_ns()}; echo started; sleep 600\n"
    definition = environment("six", name="stopped", baseImage=None, baseDockerfile=text)

    def log(line: str) -> None:
        if line.endswith(" started"):
            cancel.set()

    begun = time.monotonic()
    with pytest.raises(ActivityCanceledException, match="canceled"):
        build_image(definition, engine=build.engine, home=build.home, log=log, cancel=cancel)
    assert time.monotonic() - begun < 120
    assert not build.engine.get("/images/json", filters={"reference": ["zaffre/stopped*"]})


def test_an_engine_that_stops_in_the_middle_of_a_build_is_a_sentence(build: Builds) -> None:
    text = f"FROM {BASE}\nRUN echo {time.time_ns()}; echo started; sleep 20\n"
    definition = environment("six", name="dropped", baseImage=None, baseDockerfile=text)
    with door_to(build.engine) as door:

        def log(line: str) -> None:
            if line.endswith(" started"):
                door.close()

        engine = Engine.connect(door.address)
        with pytest.raises(EngineUnavailable, match=r"The image zaffre/dropped-base:\w+ was not built: .* went away"):
            build_image(definition, engine=engine, home=build.home, log=log)


def test_a_step_that_fails_is_named_with_its_last_lines(build: Builds) -> None:
    text = f"FROM {BASE}\nRUN for i in $(seq 100); do echo line $i; done; exit 9\n"
    with pytest.raises(EnvironmentBuildFailed) as caught:
        build(environment("six", name="failing", baseImage=None, baseDockerfile=text))
    assert "exit 9" in caught.value.message
    assert "line 100" in caught.value.message
    assert "line 40\n" not in caught.value.message


def test_a_base_image_that_is_nowhere_is_named_with_the_remedy(build: Builds) -> None:
    given: tuple[dict[str, Any], ...] = (
        {"baseImage": "127.0.0.1:9/none/base:7"},
        {"baseDockerfile": "FROM 127.0.0.1:9/none/base:7\n"},
    )
    for docker in given:
        with pytest.raises(EnvironmentBuildFailed, match=r"image 127\.0\.0\.1:9/none/base:7.* cannot be fetched"):
            build(environment("six", name="baseless", **{"baseImage": None, **docker}))


def test_a_package_that_does_not_compile_is_told_with_its_last_50_lines(build: Builds, tmp_path: Path) -> None:
    setup = "import sys\nprint('\\n'.join(f'line {n}' for n in range(200)))\n"
    setup += "if 'bdist_wheel' in sys.argv: raise SystemExit('no compiler in the image')\n"
    setup += "from setuptools import setup\nsetup(name='badly', version='1.0')\n"
    with tarfile.open(tmp_path / "badly-1.0.tar.gz", "w:gz") as tar:
        for name, text in (("setup.py", setup), ("PKG-INFO", "Metadata-Version: 2.1\nName: badly\nVersion: 1.0\n")):
            entry = tarfile.TarInfo(f"badly-1.0/{name}")
            entry.size = len(text)
            tar.addfile(entry, BytesIO(text.encode()))
    with pytest.raises(EnvironmentBuildFailed, match=r"The package badly==1\.0 cannot be built\. The step ") as caught:
        build(environment(f"--find-links {tmp_path}", "badly==1.0", name="uncompiled"))
    assert "no compiler in the image" in caught.value.message
    assert "line 199" in caught.value.message
    assert "line 100\n" not in caught.value.message
    assert not build.engine.get("/images/json", filters={"reference": ["zaffre/uncompiled*"]})


def test_a_full_disk_is_a_sentence(build: Builds) -> None:
    text = f"FROM {BASE}\nRUN head -c 1G /dev/zero > /dev/shm/full\n"  # 64 MB are there
    with pytest.raises(EnvironmentBuildFailed, match="The disk of the container engine is full"):
        build(environment("six", name="full", baseImage=None, baseDockerfile=text))


def test_what_an_image_is_for_and_what_none_can_be_made_of() -> None:
    assert not needs_image(
        {"docker": {"baseImage": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:1", "enabled": False}}
    )
    assert needs_image({"docker": {"baseImage": "python:3.12"}})
    assert needs_image({"docker": {"enabled": True}})
    with pytest.raises(Unsupported, match="build context"):
        read(environment(buildContext={"location": "x"}))
    with pytest.raises(Unsupported, match="Windows"):
        read(environment(platform={"os": "Windows"}))


def test_found_explained_listed_and_removed(build: Builds) -> None:
    definition = environment("six==1.16.0", name=f"kept-{os.getpid()}")
    assert find_image(definition, engine=build.engine, home=build.home) is None
    assert "not built here" in explain_image(definition, build.home).state
    image = build(definition)
    found = find_image(definition, engine=build.engine, home=build.home)
    assert found is not None
    assert found.tag == image.tag
    explained = explain_image(definition, build.home)
    assert explained.state == f"Built as the image {image.tag}: the next use finds it."
    assert explained.image == image.tag
    assert f"image {BASE}" in explained.asked
    (item,) = image_disk.items(build.engine, build.home)
    assert item.key == image.tag
    assert (item.kind, item.layers) == ("image", 2)  # the base's, and that of the packages
    assert item.shared_layers >= 1
    assert item.freed < item.size
    assert image_disk.remove(build.engine, build.home, item)
    assert images.inspect(build.engine, image.tag) is None
    assert image_disk.items(build.engine, build.home) == []
