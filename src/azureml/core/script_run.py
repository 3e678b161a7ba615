"""``ScriptRun``."""

from __future__ import annotations

from zaffre.sdk.script_run import ScriptRun

__all__ = ["ScriptRun"]
