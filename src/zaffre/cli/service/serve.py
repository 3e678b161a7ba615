"""``zaffre service serve``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from zaffre.cli.exits import UsageError
from zaffre.cli.results import Done
from zaffre.cli.service.foreground import flags, serve
from zaffre.cli.session import QUIET, Printing


def _named(*names: str) -> Parameter:
    return Parameter(name=names)


def serve_script(
    script: Path | None = None,
    /,
    *,
    entry_script: Annotated[Path | None, _named("--entry-script", "--entry_script")] = None,
    model_dir: Annotated[Path | None, _named("--model-dir", "--model_dir")] = None,
    port: int | None = None,
    host: str | None = None,
    workers: Annotated[int | None, _named("--workers", "--worker_count")] = None,
    reload: Annotated[bool, Parameter(negative=())] = False,
    timeout_ms: int | None = None,
    max_body_bytes: int | None = None,
    max_requests: int | None = None,
    max_memory_mb: int | None = None,
    cors_origins: Annotated[str | None, _named("--cors-origins", "--access_control_allow_origins")] = None,
    health_port: Annotated[int | None, _named("--health-port", "--health_port")] = None,
    config_file: Annotated[Path | None, _named("--config-file", "--config_file")] = None,
    appinsights_instrumentation_key: Annotated[str | None, _named("--appinsights_instrumentation_key")] = None,
    printing: Printing = QUIET,  # noqa: ARG001
) -> Done:
    """Serve one entry script in this terminal, without a workspace, until Ctrl-C.

    It takes the flags and environment variables of Azure's azmlinfsrv, too.

    Parameters
    ----------
    script
        The script with init() and run(); by default what AZUREML_ENTRY_SCRIPT says, or main.py.
    entry_script
        The same, as azmlinfsrv has it.
    model_dir
        The folder that the script finds in AZUREML_MODEL_DIR.
    port
        The port, 5001 by default; 0 for a free one.
    host
        The address to listen on, 127.0.0.1 by default.
    workers
        How many processes call run(), 1 by default.
    reload
        Serve the script anew when a Python file beside it changes.
    timeout_ms
        How long a request may take, in milliseconds.
    max_body_bytes
        How large a body may be.
    max_requests
        Replace a worker after so many requests.
    max_memory_mb
        Replace a worker that takes more memory.
    cors_origins
        The origins whose pages may call, separated by commas.
    health_port
        Answer on this port too, where SEPERATE_HEALTH_ENDPOINT is true.
    config_file
        Settings as JSON, by the names of their environment variables.
    appinsights_instrumentation_key
        Refused: there is no Application Insights.
    """
    if script is not None and entry_script is not None:
        raise UsageError("Give the script as an argument or with --entry-script, not both.")
    given = {
        "--model-dir": model_dir,
        "--port": port,
        "--host": host,
        "--workers": workers,
        "--reload": reload,
        "--timeout-ms": timeout_ms,
        "--max-body-bytes": max_body_bytes,
        "--max-requests": max_requests,
        "--max-memory-mb": max_memory_mb,
        "--cors-origins": cors_origins,
        "--health-port": health_port,
        "--config-file": config_file,
        "--appinsights_instrumentation_key": appinsights_instrumentation_key,
    }
    return serve(script or entry_script, flags(given))
