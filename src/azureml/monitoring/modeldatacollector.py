"""``ModelDataCollector``."""

from __future__ import annotations

from zaffre.sdk.data_collector import ModelDataCollector

__all__ = ["ModelDataCollector"]
