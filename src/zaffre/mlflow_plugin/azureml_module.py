"""``mlflow.azureml``, which MLflow had up to 1.x and scripts for Azure import: found here where MLflow has none."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

NAME: Final = "mlflow.azureml"


class _Finder(MetaPathFinder):
    """Stands last among the finders, so a module of MLflow's own wins."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the protocol's signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        return ModuleSpec(NAME, _Loader(), origin=__name__) if fullname == NAME else None


class _Loader(Loader):
    def exec_module(self, module: ModuleType) -> None:
        module.__doc__ = __doc__
        vars(module)["build_image"] = importlib.import_module("zaffre.sdk.mlflow_image").build_image


def offer() -> None:
    """Let ``import mlflow.azureml`` find the module; may be called again."""
    if not any(isinstance(one, _Finder) for one in sys.meta_path):
        sys.meta_path.append(_Finder())
