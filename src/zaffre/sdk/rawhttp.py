"""``rawhttp``, ``AMLRequest`` and ``AMLResponse``: the whole HTTP request and response in an entry script."""

from __future__ import annotations

from zaffre.core.rawhttp import AMLRequest, AMLResponse, rawhttp

__all__ = ["AMLRequest", "AMLResponse", "rawhttp"]
