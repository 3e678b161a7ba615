"""``zaffre init``."""

from __future__ import annotations

from pathlib import Path

from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session
from zaffre.core import contract
from zaffre.core.errors import AlreadyExists
from zaffre.core.names import check_workspace
from zaffre.sdk.workspace_config import FILES, FOLDERS, WorkspaceReference, write_config


def init(name: str | None = None, /, *, path: Path = Path(), session: Session = SESSION) -> Done:
    """Name the workspace of a project: write the config.json that ``Workspace.from_config()`` reads.

    Parameters
    ----------
    name
        The workspace; it is created on first use. By default "default".
    path
        The project's folder.
    """
    workspace = check_workspace(name or session.workspace or contract.DEFAULT_WORKSPACE)
    for folder in FOLDERS[:2]:
        for file in FILES:
            if (path / folder / file).exists():
                raise AlreadyExists(f"{path / folder / file} is there already: edit it, or remove it first.")
    reference = WorkspaceReference(contract.DEFAULT_SUBSCRIPTION, contract.DEFAULT_RESOURCE_GROUP, workspace)
    written = write_config(reference, str(path), None)
    return Done(f"Wrote {written}: this project uses the workspace {workspace}.", {"path": str(written)})
