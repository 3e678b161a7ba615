"""``OutputFileDatasetConfig``: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.unbuilt_names import OutputFileDatasetConfig

__all__ = ["OutputFileDatasetConfig"]
