"""``Image``, by the module that Azure's SDK has it in."""

from __future__ import annotations

from zaffre.sdk.image import Image

__all__ = ["Image"]
