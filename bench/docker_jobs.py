"""From an environment whose image is built to the running script in a container; ``docker run`` itself beside it."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from bench.figure import Figure
from tests.docker_engine import BASE, shared_engine
from zaffre.docker.engine import Engine
from zaffre.environments.images import Image, build_image
from zaffre.launch.container import Container
from zaffre.launch.docker import DockerBackend
from zaffre.launch.workload import Workload

TIMES = 7
_SECONDS = 60.0
_CODE = "print('running', flush=True)"


def figures(folder: Path) -> list[Figure]:
    with shared_engine() as engine:
        _ours(engine, folder, 0)  # builds the image
        found, peers = [], []
        for number in range(1, TIMES + 1):  # one of each in turn: both see the same machine
            seconds, image = _ours(engine, folder, number)
            found.append(seconds)
            peers.append(_docker_run(engine, image))
    peer = sorted(peers)[TIMES // 2]
    name = "cached image to running script (Docker)"
    return [Figure(name, found, "s", peer + 1.5, "docker run", peer, "1.5 s above the peer are allowed")]


def _ours(engine: Engine, folder: Path, number: int) -> tuple[float, Image]:
    """Find the image, start the container, and see the script's first line."""
    definition = {
        "name": "bench",
        "docker": {"baseImage": BASE},
        "python": {"condaDependencies": {"dependencies": ["python=3.11", {"pip": ["six==1.16.0"]}]}},
    }
    work = folder / f"run-{number}"
    work.mkdir()
    log = folder / f"log-{number}.txt"
    begun = time.perf_counter()
    image = build_image(definition, engine=engine, home=folder / "home", log=lambda _: None)
    backend = DockerBackend(engine)
    container = Container(image=image.id, workdir="/azureml-run", network="host")
    env = {"PATH": image.path}
    handle = backend.start(Workload((image.python, "-c", _CODE), work, env, log, f"bench-{number}", container))
    while "running" not in log.read_text():
        if time.perf_counter() - begun > _SECONDS:
            raise TimeoutError(f"the script did not run within {_SECONDS:.0f} s")
        time.sleep(0.005)
    seconds = time.perf_counter() - begun
    backend.stop(handle, 0)
    return seconds, image


def _docker_run(engine: Engine, image: Image) -> float:
    program = "/usr/bin/docker" if Path("/usr/bin/docker").exists() else shutil.which("docker")
    if program is None:
        raise FileNotFoundError("the peer, the program docker, is not installed")
    command = [program, "--host", engine.address, "run", "--init", "--network", "host", "--name", "zaffre-bench-peer"]
    begun = time.perf_counter()
    with subprocess.Popen(
        [*command, image.tag, image.python, "-c", _CODE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - begun
    subprocess.run(
        [program, "--host", engine.address, "rm", "-f", "zaffre-bench-peer"], capture_output=True, check=True
    )
    assert line == "running\n", line
    return seconds
