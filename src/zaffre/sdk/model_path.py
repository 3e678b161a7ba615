"""Where the files of a model are on this machine: ``azureml-models/<name>/<version>/<file or folder>``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from zaffre.core import contract
from zaffre.core.errors import ModelNotFoundException, WebserviceException


def root() -> Path:
    """The folder of all models: below AML_APP_ROOT in a service, else below the current folder."""
    return Path(os.environ.get(contract.APP_ROOT) or ".") / contract.MODELS


def folder(name: str, version: int) -> Path:
    return root() / name / str(version)


def find(name: str, version: int | None, remote: Callable[[], str | None], *, known: bool) -> str:
    """The path of a model; ``remote`` downloads it from the workspace where that is ``known``.

    A given version is looked for here first, the newest one in the workspace first. Raises
    ``ModelNotFoundException``, or ``WebserviceException`` for a version that is not here while no workspace is known.
    """
    if version is not None:
        local = _entry(folder(name, version))
        if local is not None:
            return local
        downloaded = remote()
        if downloaded is None:
            raise WebserviceException(
                f"Version {version} of the model {name} is not in {folder(name, version)}, and outside a run the "
                "workspace is not known: use Model(workspace, name, version=...).download()."
            )
        return downloaded
    if known:
        downloaded = remote()
        if downloaded is not None:
            return downloaded
    local = _newest(name)
    if local is not None:
        return local
    beside = Path.cwd() / name
    if beside.exists():
        return str(beside)
    raise ModelNotFoundException(
        f"The model {name} is neither in {root() / name} nor in {beside}: outside a service or run, use "
        "Model(workspace, name).download()."
    )


def _newest(name: str) -> str | None:
    try:
        versions = sorted(int(entry.name) for entry in (root() / name).iterdir() if entry.name.isdecimal())
    except OSError:
        return None
    return _entry(folder(name, versions[-1])) if versions else None


def _entry(at: Path) -> str | None:
    """The one file or folder in ``at``; None when there is no such folder."""
    try:
        entries = list(at.iterdir())
    except OSError:
        return None
    if len(entries) != 1:
        raise WebserviceException(f"The folder {at} must hold exactly one file or folder; it has {len(entries)}.")
    return str(entries[0])
