"""Images: models, their script and environment, served by ``docker run``."""

from __future__ import annotations

from zaffre.sdk.image import ContainerImage, Image

__all__ = ["ContainerImage", "Image"]
