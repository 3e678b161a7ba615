"""``CondaDependencies``."""

from __future__ import annotations

from zaffre.sdk.conda_dependencies import CondaDependencies

__all__ = ["CondaDependencies"]
