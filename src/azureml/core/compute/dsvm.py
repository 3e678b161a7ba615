"""``DsvmCompute``: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.compute_unbuilt import DsvmCompute

__all__ = ["DsvmCompute"]
