"""The files of a registered model, looked at without fetching them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zaffre.sdk import model_files

if TYPE_CHECKING:
    from zaffre.sdk.model import Model
    from zaffre.sdk.workspace import Workspace


class RegisteredFiles:
    """Of one model version. Names are relative to the folder of its ``MLmodel``, where it has one."""

    def __init__(self, workspace: Workspace, model: Model) -> None:
        self.model = model
        self._scope = workspace._scope
        self._route = ("models", model.name, "versions", str(model.version), "files")
        self._sizes = {info.path: info.size or 0 for info in model_files.listing(self._scope, model._entity)}
        # Of a version registered from a folder, that folder is the model; its name stands before each path.
        marks = (path for path in self._sizes if path.rpartition("/")[2] == "MLmodel")
        self._root = min(marks, key=lambda path: path.count("/"), default="").removesuffix("MLmodel")

    @property
    def names(self) -> list[str]:
        return sorted(path.removeprefix(self._root) for path in self._sizes if path.startswith(self._root))

    def has(self, name: str) -> bool:
        return self._root + name in self._sizes

    def size(self, name: str) -> int:
        """In bytes."""
        return self._sizes[self._root + name]

    def read(self, name: str) -> bytes:
        return self._scope.client.read(self._scope.path(*self._route, file=self._root + name))
