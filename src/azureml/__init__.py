"""The names that scripts written for Azure ML SDK v1 import: re-exports of ``zaffre.sdk`` under Azure's module paths.

Other packages may add modules of their own (``pkgutil.extend_path``). A module of Azure's SDK that Zaffre has not
raises an ImportError that says so.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pkgutil import extend_path
from types import ModuleType

from zaffre.sdk.azure_install import conflict
from zaffre.sdk.unbuilt import missing_module

__path__ = extend_path(__path__, __name__)


class _MissingModules:
    """The last of the finders: whatever of ``azureml`` comes here is nowhere."""

    @staticmethod
    def find_spec(
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG004 - the shape that Python asks for
        target: ModuleType | None = None,  # noqa: ARG004
    ) -> ModuleSpec | None:
        if name.startswith("azureml."):
            raise missing_module(name)
        return None


sys.meta_path.append(_MissingModules)
_found = conflict(__path__)
if _found is not None:
    warnings.warn(_found, UserWarning, stacklevel=2)
