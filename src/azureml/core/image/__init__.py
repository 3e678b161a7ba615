"""Images: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.unbuilt_names import ContainerImage, Image

__all__ = ["ContainerImage", "Image"]
