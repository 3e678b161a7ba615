"""The whole HTTP request and response in an entry script."""

from __future__ import annotations

from zaffre.sdk.rawhttp import rawhttp

__all__ = ["rawhttp"]
