"""``RunDetails``."""

from __future__ import annotations

from zaffre.sdk.widgets import RunDetails

__all__ = ["RunDetails"]
