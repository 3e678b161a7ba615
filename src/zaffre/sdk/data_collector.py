"""``ModelDataCollector``: collects inputs and predictions in an entry script."""

from __future__ import annotations

from zaffre.core.data_collector import ModelDataCollector

__all__ = ["ModelDataCollector"]
