"""``AMLResponse``."""

from __future__ import annotations

from zaffre.sdk.rawhttp import AMLResponse

__all__ = ["AMLResponse"]
