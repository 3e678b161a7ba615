"""``ContainerImage`` and its configuration, by the module that Azure's SDK has them in."""

from __future__ import annotations

from zaffre.sdk.image import ContainerImage
from zaffre.sdk.image_config import ContainerImageConfig

__all__ = ["ContainerImage", "ContainerImageConfig"]
