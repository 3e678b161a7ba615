"""Conda packages in an image, from a channel over HTTP, built by a real engine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker_engine import BASE
from tests.environments.channel import Channel, served
from tests.environments.image_builder import Builds
from zaffre.core.errors import EnvironmentBuildFailed
from zaffre.docker import containers
from zaffre.docker.engine import Engine
from zaffre.environments.images import Image

SCRIPT = b"""\
export TOOL_DATA="$CONDA_PREFIX/share/a \\"quoted\\" \\$name"
export TOOL_HOME=PREFIX_PLACEHOLDER
export PATH="$CONDA_PREFIX/libexec/tool:$PATH"
"""


@pytest.fixture
def address(channel: Channel) -> Iterator[str]:
    with served(channel.folder.parent) as found:
        yield f"{found}/local"


@pytest.fixture
def build(docker: Engine, home: Path, address: str) -> Builds:
    assert address
    return Builds(docker, home)


def environment(address: str, *dependencies: object, name: str = "condaed") -> dict[str, object]:
    document = {"channels": [address], "dependencies": list(dependencies)}
    return {"name": name, "docker": {"baseImage": BASE}, "python": {"condaDependencies": document}}


def nobody(build: Builds, image: Image, *argv: str) -> str:
    """What a program says that runs in the image as nobody in particular."""
    settings = {"Image": image.id, "Cmd": list(argv), "Entrypoint": [], "User": "10001:10001"}
    number = containers.create(build.engine, settings)
    try:
        build.engine.post(f"/containers/{number}/start")
        build.engine.post(f"/containers/{number}/wait")
        with build.engine.open("GET", f"/containers/{number}/logs", {"stdout": True, "stderr": True}) as response:
            said = response.read()
    finally:
        containers.remove(build.engine, number)
    return b"".join(_pieces(said)).decode()


def _pieces(said: bytes) -> Iterator[bytes]:
    while said:
        size = int.from_bytes(said[4:8], "big")
        yield said[8 : 8 + size]
        said = said[8 + size :]


def test_condas_packages_stand_in_the_image_and_run_there(build: Builds, channel: Channel, address: str) -> None:
    script = "etc/conda/activate.d/tool.sh"
    channel.add("tool", "1.0", {script: SCRIPT}, prefix_files=[script])
    given = environment(address, "python", "alpha", "native", "tool", {"pip": ["six==1.16.0"]})
    image = build(given)
    log = "\n".join(build.log)
    assert "conda packages in" in log
    assert "Installed 5 conda packages: " in log
    assert "Variables that conda packages set: " in log
    assert {"resolve", "fetch", "link", "image"} <= set(image.split)
    assert image.python == "/opt/zaffre/env/bin/python"
    assert image.lock is not None
    assert [pin.name for pin in image.lock.conda] == ["alpha", "beta", "native", "python", "tool"]
    code = "import alpha, six, json, os, sys; "
    code += "print(json.dumps([sys.prefix, alpha.VERSION, dict(os.environ)]))"
    prefix, version, variables = json.loads(nobody(build, image, image.python, "-c", code))
    assert (prefix, version) == ("/opt/zaffre/env", "1.0")
    assert variables["TOOL_DATA"] == '/opt/zaffre/env/share/a "quoted" $name'
    assert (variables["TOOL_HOME"], variables["CONDA_PREFIX"]) == ("/opt/zaffre/env", "/opt/zaffre/env")
    assert variables["PATH"].startswith("/opt/zaffre/env/libexec/tool:/opt/zaffre/env/bin:")
    assert variables["PATH"] == image.path
    assert nobody(build, image, "alpha-say") == "alpha 1.0\n"
    assert nobody(build, image, "cat", "/opt/zaffre/env/etc/native.conf") == "home=/opt/zaffre/env\n"
    again = build(given)
    assert (again.reused, again.id, again.path) == (True, image.id, image.path)


def test_bytecode_in_the_image_is_that_of_its_files(build: Builds, address: str) -> None:
    image = build(environment(address, "python", "beta", name="compiled"))
    told = nobody(build, image, image.python, "-v", "-c", "import beta")
    assert "bytecode is stale" not in told
    assert "beta.cpython-" in told
    assert "site-packages/beta.py\n" in "".join(line + "\n" for line in told.splitlines() if " matches " in line)


def test_the_pip_part_is_a_layer_above_condas_and_our_code_above_that(build: Builds, address: str) -> None:
    image = build(environment(address, "python", "beta", {"pip": ["six", "azureml-core"]}, name="layered"))
    assert nobody(build, image, image.python, "-c", "import azureml.core, six; print('there')") == "there\n"
    steps = [str(entry["CreatedBy"]) for entry in build.engine.get(f"/images/{image.tag}/history")]
    found = [
        number for text in ("own.sh", "install.sh", "COPY prefix") for number, step in enumerate(steps) if text in step
    ]
    assert found == sorted(found)
    assert len(found) == 3
    build(environment(address, "python", "beta", {"pip": ["tabulate", "azureml-core"]}, name="layered"))
    assert any(line.endswith("COPY prefix /opt/zaffre/env (done before)") for line in build.log)


def test_what_the_channel_cannot_give_names_both_sides_and_leaves_no_image(build: Builds, address: str) -> None:
    with pytest.raises(EnvironmentBuildFailed, match=r"alpha") as caught:
        build(environment(address, "python", "alpha", "gamma", name="unsolvable"))
    assert "gamma 1.0 would require" in caught.value.message
    assert not build.engine.get("/images/json", filters={"reference": ["zaffre/unsolvable*"]})


def test_a_damaged_cache_of_packages_does_not_reach_the_image(build: Builds, channel: Channel, address: str) -> None:
    for name in ("first", "second"):  # the engine remembers what other sessions built
        channel.add(name, "1.0", {f"etc/{name}": str(time.time_ns()).encode()})
    build(environment(address, "python", "beta", "first", name="sound"))
    for file in (build.home / "packages").rglob("beta.py"):
        file.write_bytes(file.read_bytes().replace(b"2.0", b"6.6"))
    image = build(environment(address, "python", "beta", "second", name="sound"))
    assert nobody(build, image, image.python, "-c", "import beta; print(beta.VERSION)") == "2.0\n"


def test_the_images_own_c_library_decides(build: Builds, channel: Channel, address: str) -> None:
    channel.add("newer", "1.0", {"etc/newer": b"1"}, depends=["__glibc >=2.99"])
    with pytest.raises(EnvironmentBuildFailed, match=r"__glibc >=2\.99"):
        build(environment(address, "python", "newer", name="newer"))


def test_a_channel_that_goes_away_before_its_packages_are_fetched_is_named(
    docker: Engine, home: Path, channel: Channel
) -> None:
    builds = Builds(docker, home)
    with served(channel.folder.parent) as found:
        given = environment(f"{found}/local", "python", "alpha", name="vanishing")
        channel.drop(channel.folder / "noarch" / "beta-2.0-0.tar.bz2")
        with pytest.raises(EnvironmentBuildFailed, match=r"beta-2\.0-0\.tar\.bz2"):
            builds(given)
    assert not docker.get("/images/json", filters={"reference": ["zaffre/vanishing*"]})
    assert not list((builds.home / "images").glob("conda-*"))
