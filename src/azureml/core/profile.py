"""``ModelProfile``."""

from __future__ import annotations

from zaffre.sdk.profiling.profile import ModelProfile

__all__ = ["ModelProfile"]
