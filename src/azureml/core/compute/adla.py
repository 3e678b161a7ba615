"""``AdlaCompute``: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.compute_unbuilt import AdlaCompute

__all__ = ["AdlaCompute"]
