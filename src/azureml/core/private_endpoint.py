"""Private endpoints: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.unbuilt_names import PrivateEndPoint, PrivateEndPointConfig

__all__ = ["PrivateEndPoint", "PrivateEndPointConfig"]
