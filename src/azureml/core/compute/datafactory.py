"""``DataFactoryCompute``: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.compute_unbuilt import DataFactoryCompute

__all__ = ["DataFactoryCompute"]
