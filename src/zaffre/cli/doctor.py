"""``zaffre doctor``."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from zaffre.cli.exits import Exit
from zaffre.cli.formats import size
from zaffre.cli.results import Listing
from zaffre.cli.session import QUIET, Printing
from zaffre.core import contract
from zaffre.core.errors import AzureMLException
from zaffre.core.limits import MIB
from zaffre.core.wire import ServerInfo
from zaffre.sdk.discovery import check_server_extra, connect, home
from zaffre.sdk.environment_local import find_engine

LOW_DISK: Final = 2048 * MIB
AZURES_OWN: Final = ("azureml-core", "azureml-sdk", "azureml-mlflow", "azureml-defaults")


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    status: Literal["ok", "warning", "missing"]  # a warning leaves the main job working
    finding: str
    remedy: str = ""


COLUMNS = (
    ("check", lambda check: check.name),
    ("status", lambda check: check.status),
    ("finding", lambda check: check.finding),
    ("remedy", lambda check: check.remedy),
)


def doctor(*, printing: Printing = QUIET) -> Listing:  # noqa: ARG001
    """Look at everything Zaffre needs on this machine, and say how to mend what is wrong."""
    checks = list(_checks())
    failed = any(check.status == "missing" for check in checks)
    return Listing(checks, COLUMNS, "", exit=Exit.ERROR if failed else Exit.DONE, prose=("finding", "remedy"))


def _checks() -> Iterator[Check]:
    at = home()
    yield _python()
    yield _uv()
    yield _azure_packages()
    yield _disk(at)
    yield _permissions(at)
    yield _server_extra(at)
    yield _studio()
    yield _server()
    yield _docker()


def _python() -> Check:
    # An older Python than 3.10 cannot get here: it cannot read these files.
    return Check("python", "ok", f"{platform.python_version()} at {sys.executable}")


def _uv() -> Check:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found:
        return Check("uv", "ok", found)
    return Check("uv", "missing", "It builds the environments of runs and services.", "pip install uv")


def _azure_packages() -> Check:
    found = []
    for name in AZURES_OWN:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    if not found:
        return Check("azureml", "ok", "`import azureml.core` is Zaffre's.")
    names = " ".join(entry.split()[0] for entry in found)
    return Check(
        "azureml",
        "missing",
        f"Azure's own packages are installed here too ({', '.join(found)}) and share the name azureml.",
        f"pip uninstall -y {names}, then pip install --force-reinstall --no-deps zaffre",
    )


def _disk(at: Path) -> Check:
    existing = next(parent for parent in (at, *at.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    found = f"{size(free)} free for {at}"
    if free >= LOW_DISK:
        return Check("disk", "ok", found)
    return Check("disk", "warning", found, f"Make room, or set {contract.ZAFFRE_HOME} to a folder on another disk.")


def _permissions(at: Path) -> Check:
    if not at.exists():
        return Check("home", "ok", f"{at} will be made by `zaffre up`.")
    if not os.access(at, os.R_OK | os.W_OK | os.X_OK):
        return Check("home", "missing", f"{at} cannot be read and written.", f"chown -R $(whoami) {at}")
    token = at / contract.TOKEN_FILE
    if token.exists() and stat.S_IMODE(token.stat().st_mode) & 0o077:
        return Check("home", "missing", f"Others on this machine can read {token}.", f"chmod 600 {token}")
    return Check("home", "ok", f"{at} is readable and writable; its token is private.")


def _server_extra(at: Path) -> Check:
    try:
        check_server_extra(at)
    except AzureMLException:
        return Check("server extra", "warning", "This Python cannot run a server.", 'pip install "zaffre[server]"')
    return Check("server extra", "ok", "This Python can run a server.")


def _studio() -> Check:
    spec = importlib.util.find_spec("zaffre")
    package = Path(spec.origin).parent if spec and spec.origin else Path()
    if (package / "server" / "studio_dist" / "index.html").is_file():
        return Check("studio", "ok", "The web pages are built.")
    return Check("studio", "warning", "The web pages are not built.", "In a source tree: make studio")


def _server() -> Check:
    try:
        client = connect(start=False)
        info = client.get("/api/v1/server", ServerInfo)
    except AzureMLException as error:
        return Check("server", "warning", error.message.partition(":")[0] + ".", "zaffre up")
    return Check("server", "ok", f"{client.url}, version {info.version}")


def _docker() -> Check:
    try:
        engine = find_engine()
    except AzureMLException as error:
        finding, _, remedy = error.message.partition(": ")
        found = f"{finding}: runs and services in Docker, and images, cannot be had."
        return Check("docker", "warning", found, remedy)
    return Check("docker", "ok", f"{engine.name} {engine.version} answers at {engine.address}.")
