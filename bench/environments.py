"""Environments found, built from a lock, and solved and linked from a conda channel; uv, pip and py-rattler beside."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.figure import Figure
from tests.environments.builder import definition
from tests.environments.channel import Channel, served
from zaffre.environments import lock
from zaffre.environments.realise import Realised, realise
from zaffre.environments.solver import find_uv

TIMES = 3
_PACKAGES = ("numpy", "pandas", "scikit-learn", "mlflow-skinny")
_CONDA_PACKAGES = 39  # beside Python


def figures(folder: Path) -> list[Figure]:
    return [*_pip(folder), _conda(folder)]


def _pip(folder: Path) -> list[Figure]:
    home = folder / "home"
    given = definition(f"python={sys.version_info.major}.{sys.version_info.minor}", {"pip": list(_PACKAGES)})

    def ours() -> Realised:
        return realise(given, home=home, log=lambda _: None)

    built = ours()
    assert built.lock is not None
    found = [_timed(lambda: _start(ours())) for _ in range(TIMES + 2)]
    pip = folder / "lock.txt"
    pip.write_text(lock.installable(built.lock.pip, home / "wheels"))
    ours_built, peers_built = [], []
    for _ in range(TIMES):
        shutil.rmtree(built.python.parent.parent)
        ours_built.append(_timed(ours))
        peers_built.append(_timed(lambda: _sync(folder / "uv", pip)))
    pips = _timed(lambda: _pip_install(folder / "pip", pip))
    peer = sorted(peers_built)[len(peers_built) // 2]
    names = " + ".join(_PACKAGES)
    return [
        Figure("cached environment to running script (process)", found, "s", 0.3),
        Figure(
            f"environment of {names} from its lock",
            ours_built,
            "s",
            1.2 * peer,
            "uv venv + uv pip sync, compiled too",
            peer,
        ),
        Figure(
            f"environment of {names} from its lock",
            ours_built,
            "s",
            None,
            "pip install in a venv",
            pips,
            note="its wheels were compiled by the first build",
            times=10,
        ),
    ]


def _conda(folder: Path) -> Figure:
    channel = Channel(folder / "channels" / "local")
    channel.add_python()
    names = [f"package{number}" for number in range(_CONDA_PACKAGES)]
    for number, name in enumerate(names):
        channel.add_module(name, "1.0")
        channel.add_module(
            name, "2.0", depends=["python", *(f"{other} >=2" for other in names[number + 1 : number + 3])]
        )
    said: list[str] = []
    ours, peers = [], []
    with served(channel.folder.parent) as address:
        for number in range(TIMES):
            url = f"{address}/local"
            given = definition("python", *names, channels=[url])
            home, bare = folder / f"conda{number}", folder / f"bare{number}"
            ours.append(_timed(lambda home=home, given=given: realise(given, home=home, log=said.append)))  # type: ignore[misc]
            peers.append(_timed(lambda bare=bare, url=url: asyncio.run(_rattler(bare, url, names))))  # type: ignore[misc]
    peer = sorted(peers)[len(peers) // 2]
    name = f"conda: {_CONDA_PACKAGES + 1} packages from a local channel over HTTP, solved and installed"
    split = next(line for line in reversed(said) if line.startswith("Built")).partition("(")[2].rstrip(").")
    return Figure(name, ours, "s", 1.3 * peer, "py-rattler called bare", peer, note=split)


async def _rattler(folder: Path, url: str, names: list[str]) -> None:
    from rattler import Gateway, VirtualPackage, install, solve

    found = await solve(
        [url], ["python", *names], Gateway(cache_dir=folder / "repodata"), virtual_packages=VirtualPackage.detect()
    )
    await install(found, folder / "prefix", cache_dir=folder / "packages", show_progress=False)


def _start(realised: Realised) -> None:
    subprocess.run([realised.python, "-c", "print('running')"], check=True, stdout=subprocess.DEVNULL)


def _sync(prefix: Path, requirements: Path) -> None:
    shutil.rmtree(prefix, ignore_errors=True)
    _quiet(find_uv(), "venv", "--python", sys.executable, prefix)
    _quiet(find_uv(), "pip", "sync", "--compile-bytecode", "--python", prefix / "bin/python", requirements)


def _pip_install(prefix: Path, requirements: Path) -> None:
    _quiet(sys.executable, "-m", "venv", prefix)
    _quiet(prefix / "bin/python", "-m", "pip", "install", "-r", requirements)


def _quiet(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def _timed(act: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun
