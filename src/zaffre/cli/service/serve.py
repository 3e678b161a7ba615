"""``zaffre service serve``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from zaffre.cli.exits import UsageError
from zaffre.cli.results import Done
from zaffre.cli.service.foreground import flags, serve
from zaffre.cli.session import QUIET, Printing


def _named(*names: str) -> Parameter:
    return Parameter(name=names)


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What rarely differs from its default; None: not given."""

    timeout_ms: int | None = None
    """How long a request may take, in milliseconds."""
    max_body_bytes: int | None = None
    """How large a body may be."""
    max_requests: int | None = None
    """Replace a worker after so many requests."""
    max_workers: str | None = None
    """More processes under load, up to so many; auto: one for each processor, at most 10."""
    target_utilization: float | None = None
    """The percentage of its time that a worker shall be busy, 70 by default."""
    scale_interval: float | None = None
    """The seconds between two looks at the load, 1 by default."""
    scale_down_seconds: float | None = None
    """Stop workers that were not needed for so long, 60 by default."""
    max_memory_mb: int | None = None
    """Replace a worker that takes more memory."""
    cors_origins: Annotated[str | None, _named("--cors-origins", "--access_control_allow_origins")] = None
    """The origins whose pages may call, separated by commas."""
    health_port: Annotated[int | None, _named("--health-port", "--health_port")] = None
    """Answer on this port too, where SEPERATE_HEALTH_ENDPOINT is true."""
    config_file: Annotated[Path | None, _named("--config-file", "--config_file")] = None
    """Settings as JSON, by the names of their environment variables."""
    appinsights_key: Annotated[str | None, _named("--appinsights_instrumentation_key")] = None
    """Refused: there is no Application Insights."""

    def flags(self) -> dict[str, object]:
        return {
            "--timeout-ms": self.timeout_ms,
            "--max-body-bytes": self.max_body_bytes,
            "--max-requests": self.max_requests,
            "--max-workers": self.max_workers,
            "--target-utilization": self.target_utilization,
            "--scale-interval": self.scale_interval,
            "--scale-down-seconds": self.scale_down_seconds,
            "--max-memory-mb": self.max_memory_mb,
            "--cors-origins": self.cors_origins,
            "--health-port": self.health_port,
            "--config-file": self.config_file,
            "--appinsights_instrumentation_key": self.appinsights_key,
        }


NO_SETTINGS = Settings()


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
    settings: Settings = NO_SETTINGS,
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
    """
    if script is not None and entry_script is not None:
        raise UsageError("Give the script as an argument or with --entry-script, not both.")
    given = {
        "--model-dir": model_dir,
        "--port": port,
        "--host": host,
        "--workers": workers,
        "--reload": reload,
        **settings.flags(),
    }
    return serve(script or entry_script, flags(given))
