"""``ScriptRunConfig``."""

from __future__ import annotations

from zaffre.sdk.script_run_config import MAX_DURATION_SECONDS_DEFAULT, ScriptRunConfig, get_run_config_from_script_run

__all__ = ["MAX_DURATION_SECONDS_DEFAULT", "ScriptRunConfig", "get_run_config_from_script_run"]
