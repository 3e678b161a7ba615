"""``zaffre service debug``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from zaffre.cli.results import Done
from zaffre.cli.service.foreground import flags, serve
from zaffre.cli.session import QUIET, Printing

_DAY_MS = 24 * 3600 * 1000  # a breakpoint may be held that long


def debug_script(
    script: Path,
    /,
    *,
    model_dir: Annotated[Path | None, Parameter(name=("--model-dir", "--model_dir"))] = None,
    port: int | None = None,
    debug_port: int = 5678,
    printing: Printing = QUIET,  # noqa: ARG001
) -> Done:
    """Serve one entry script in this terminal under a debugger, which attaches before init().

    Needs debugpy in this Python. In an editor: attach to 127.0.0.1 and the debug port.

    Parameters
    ----------
    script
        The script with init() and run().
    model_dir
        The folder that the script finds in AZUREML_MODEL_DIR.
    port
        The port, 5001 by default; 0 for a free one.
    debug_port
        Where the debugger attaches.
    """
    given = {"--model-dir": model_dir, "--port": port, "--debug-listen": debug_port, "--timeout-ms": _DAY_MS}
    return serve(script, flags(given))
