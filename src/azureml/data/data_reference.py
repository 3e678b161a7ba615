"""``DataReference``."""

from __future__ import annotations

from zaffre.sdk.datastore import DataReference

__all__ = ["DataReference"]
