"""A debugger that waits for the entry script: the one module that knows debugpy."""

from __future__ import annotations

import importlib
import logging

from zaffre.serving.script import ScriptFault

log = logging.getLogger("zaffre.serving")


def wait_for_debugger(connect_to: int | None, listen_at: int | None) -> None:
    """Wait until a debugger is attached: one that listens at ``connect_to``, as with AZUREML_DEBUG_PORT of Azure's
    server, or one that comes to ``listen_at``. Raises ``ScriptFault``."""
    try:
        debugpy = importlib.import_module("debugpy")
    except ModuleNotFoundError as error:
        raise ScriptFault("debugger", "this Python has no debugpy to debug with: run `pip install debugpy`") from error
    try:
        if connect_to is not None:
            debugpy.connect(connect_to)
        else:
            debugpy.listen(("127.0.0.1", listen_at))
            log.info("waiting for a debugger at 127.0.0.1:%s", listen_at)
        debugpy.wait_for_client()
    except (OSError, RuntimeError) as error:
        port = listen_at if connect_to is None else connect_to
        raise ScriptFault("debugger", f"there is no debugger at port {port}: {error}") from error
