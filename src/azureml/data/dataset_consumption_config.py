"""``DatasetConsumptionConfig``: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.unbuilt_names import DatasetConsumptionConfig

__all__ = ["DatasetConsumptionConfig"]
