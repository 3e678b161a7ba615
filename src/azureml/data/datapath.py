"""``DataPath``: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.unbuilt_names import DataPath

__all__ = ["DataPath"]
