"""The backend as the contract's tests make it, without arguments: also within a container that it started."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from zaffre.docker.engine import Engine
from zaffre.launch.container import Container, Mount
from zaffre.launch.docker import DockerBackend

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "zaffre-test/contract:1"  # the base image, with a /root that others may pass through


class ContractBackend(DockerBackend):
    """Its containers see this Python, our code, and the engine's socket: the contract starts some from within."""

    def __init__(self) -> None:
        address = os.environ["DOCKER_HOST"]
        socket = Path(address.removeprefix("unix://"))
        places = [ROOT, Path(sys.prefix), Path(sys.base_prefix)]
        seen = [Mount(place, str(place), read_only=True) for place in dict.fromkeys(places) if place.is_dir()]
        seen.append(Mount(socket, str(socket)))
        variables = {"DOCKER_HOST": address, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
        super().__init__(Engine.connect(), Container(image=IMAGE, mounts=tuple(seen), variables=variables))
