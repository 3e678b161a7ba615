"""A debugger that waits for the entry script: the one module that knows debugpy."""

from __future__ import annotations

import importlib

from zaffre.serving.script import ScriptFault


def wait_for_debugger(port: int) -> None:
    """Connect to the debugger that listens on ``port`` of this machine and wait until it is attached, as Azure's
    server does with AZUREML_DEBUG_PORT. Raises ``ScriptFault``."""
    try:
        debugpy = importlib.import_module("debugpy")
    except ModuleNotFoundError as error:
        raise ScriptFault(
            "debugger", "AZUREML_DEBUG_PORT is set, and this environment has no debugpy: `pip install debugpy`"
        ) from error
    try:
        debugpy.connect(port)
        debugpy.wait_for_client()
    except (OSError, RuntimeError) as error:
        raise ScriptFault("debugger", f"there is no debugger at port {port}: {error}") from error
