"""``rawhttp`` and ``AMLRequest``."""

from __future__ import annotations

from zaffre.sdk.rawhttp import AMLRequest, rawhttp

__all__ = ["AMLRequest", "rawhttp"]
