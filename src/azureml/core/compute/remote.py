"""``RemoteCompute``: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.compute_unbuilt import RemoteCompute

__all__ = ["RemoteCompute"]
