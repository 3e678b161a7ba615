"""Names of this room that are loaded when they are first used.

It keeps ``import azureml.core`` cheap, and lets nouns that name each other (a workspace lists its models, a model names
its workspace) stand in separate modules without a circle.
"""

from __future__ import annotations

import importlib
from typing import Any


def late(module: str, name: str) -> Any:
    """``name`` of ``zaffre.sdk.<module>``."""
    return getattr(importlib.import_module(f"zaffre.sdk.{module}"), name)
