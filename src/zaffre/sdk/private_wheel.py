"""Wheels of one's own, kept in the workspace: what ``Environment.add_private_pip_wheel`` does."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from zaffre.core.entities import Workspace
from zaffre.core.errors import AlreadyExists, UserErrorException
from zaffre.core.wire import WorkspaceAnswer
from zaffre.sdk.scope import Scope

_FOLDER: Final = "private-wheels"
_NAME = re.compile(
    r"[A-Za-z0-9_.]+-[A-Za-z0-9_.!+]+(-\d[A-Za-z0-9_.]*)?-[A-Za-z0-9_.]+-[A-Za-z0-9_.]+-[A-Za-z0-9_.]+\.whl"
)


def add(scope: Scope, file: Path, *, exist_ok: bool) -> str:
    """Upload the wheel and return its address; the same content has the same one."""
    if not _NAME.fullmatch(file.name):
        raise UserErrorException(f"{file.name} is not the name of a wheel: NAME-VERSION-PYTHON-ABI-PLATFORM.whl.")
    if not file.is_file():
        raise UserErrorException(f"There is no wheel {file}: build it first, for instance with `pip wheel`.")
    with file.open("rb") as stream:
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
    workspace: Workspace = scope.client.get(scope.client.ws(scope.workspace), WorkspaceAnswer).workspace
    place = f"{_FOLDER}/{digest.hexdigest()[:20]}/{file.name}"
    path = scope.path("datastores", workspace.default_datastore, "files", file=place)
    try:
        scope.client.upload(path, file)
    except AlreadyExists:
        if not exist_ok:
            raise
    return f"{scope.client.url}{path}"
