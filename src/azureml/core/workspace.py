"""``Workspace``."""

from __future__ import annotations

from zaffre.sdk.workspace import Workspace

__all__ = ["Workspace"]
