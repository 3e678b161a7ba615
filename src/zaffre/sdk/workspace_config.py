"""The file that names a workspace: ``.azureml/config.json``, as Azure's portal and SDK write it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zaffre.core.errors import UserErrorException

FOLDERS: Final = (".azureml", "aml_config", "")
FILES: Final = ("config.json", "project.json")


@dataclass(frozen=True, slots=True)
class WorkspaceReference:
    subscription_id: str
    resource_group: str
    workspace_name: str

    @property
    def scope(self) -> str:
        """The ARM path of the workspace."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace_name}"
        )


def find_config(path: str | None, file_name: str | None = None) -> Path:
    """The file to read: ``path`` itself if it is a file, else the first found from that folder up to the root.

    One kind of place is looked for all the way up before the next: ``.azureml/config.json``,
    ``.azureml/project.json``, ``aml_config/config.json``, ... Raises ``UserErrorException`` when there is none.
    """
    start = Path(path or ".").expanduser().absolute()
    if start.is_file():
        return start
    for folder in FOLDERS:
        for name in (file_name,) if file_name else FILES:
            for parent in (start, *start.parents):
                candidate = parent / folder / name
                if candidate.is_file():
                    return candidate
    names = file_name or "config.json"
    raise UserErrorException(
        f"No workspace configuration ({names}) was found in {start} or its parent folders: put a config.json there, "
        "for instance with `zaffre init`, or name the workspace with Workspace.get(name=...)."
    )


def read_config(file: Path) -> WorkspaceReference:
    """What the file names; raises ``UserErrorException`` when it is not JSON or misses keys."""
    try:
        held = json.loads(file.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UserErrorException(
            f"The workspace configuration {file} cannot be read: {error}. Mend it, or write another with `zaffre init`."
        ) from error
    if isinstance(held, dict):
        parts = str(held.get("Scope", "")).split("/")
        if len(parts) > 8:
            return WorkspaceReference(parts[2], parts[4], parts[8])
        keys = ("subscription_id", "resource_group", "workspace_name")
        if all(isinstance(held.get(key), str) and held[key] for key in keys):
            return WorkspaceReference(held["subscription_id"], held["resource_group"], held["workspace_name"])
    raise UserErrorException(
        f"The workspace configuration {file} names no workspace: it needs the keys subscription_id, resource_group and "
        "workspace_name, or Scope. Add them, or write another with `zaffre init`."
    )


def write_config(reference: WorkspaceReference, path: str | None, file_name: str | None) -> Path:
    """Write the shape that Azure's SDK writes; returns the file. ``path``: a project's folder, or its ``.azureml``."""
    root = Path(path or ".").expanduser().absolute()
    if root.name in FOLDERS:  # Azure's tutorial names the folder of the file itself: write_config(path=".azureml")
        folder = root
    else:
        folder = root / "aml_config" if (root / "aml_config").is_dir() else root / ".azureml"
    folder.mkdir(parents=True, exist_ok=True)
    if file_name is None:
        file_name = "project.json" if (folder / "project.json").exists() else "config.json"
    file = folder / (file_name if file_name.endswith(".json") else f"{file_name}.json")
    file.write_text(json.dumps({"Id": None, "Scope": reference.scope}, indent=4) + "\n", "utf-8")
    return file
