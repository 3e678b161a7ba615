"""``Dataset``: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.unbuilt_names import Dataset

__all__ = ["Dataset"]
