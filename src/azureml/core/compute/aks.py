"""``AksCompute``: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.compute_unbuilt import AksCompute

__all__ = ["AksCompute"]
