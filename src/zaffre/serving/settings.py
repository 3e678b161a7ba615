"""What one serving process is told: arguments first, then the environment variables that Azure's server reads."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zaffre.core import contract, limits

DEFAULT_PORT = 5001
DEFAULT_TIMEOUT_MS = 3_600_000

# Settings of Azure's server that have no effect here; naming one in the log is better than silence.
NOT_HONOURED = {
    "WORKER_COUNT": ("", "1"),
    "AML_APP_INSIGHTS_ENABLED": ("", "false", "False"),
    "AML_MODEL_DC_STORAGE_ENABLED": ("", "false", "False"),
    "SEPERATE_HEALTH_ENDPOINT": ("", "false", "False"),
    "AZUREML_DEBUG_PORT": ("",),
    "AZUREML_CONFIG_FILE": ("",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    script: Path  # absolute
    app_root: Path  # absolute; the working directory, holds the source folder and azureml-models
    model_dir: Path | None = None
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    listen_fd: int | None = None  # an inherited, bound socket instead of host and port
    listen_from: Path | None = None  # a Unix socket whose owner hands over a bound socket, and lives as long as we
    prefix: str = ""
    timeout_ms: int = DEFAULT_TIMEOUT_MS  # from a request's arrival to its answer
    body_bytes: int = limits.SCORE_BODY_BYTES
    cors_origins: tuple[str, ...] = ()
    log_level: str = "INFO"
    version: str = "1.0"
    server_version: str = ""  # the x-ms-server-version header; empty: not sent
    name: str = "ML service"
    status_file: Path | None = None
    watch_stdin: bool = False  # stop when standard input ends: whoever started this process is gone
    keys_file: Path | None = None  # who may call (serving.keys); None: everyone
    not_honoured: tuple[str, ...] = ()

    def variables(self) -> dict[str, str]:
        """The environment variables that the entry script may read."""
        values = {contract.APP_ROOT: str(self.app_root)}
        if self.model_dir is not None:
            values[contract.MODEL_DIR] = str(self.model_dir)
        return values


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m zaffre.serving", description="Serve one entry script over HTTP.")
    p.add_argument("--entry-script", "--entry_script", metavar="FILE", help="score.py, relative to the source folder")
    p.add_argument("--source-dir", metavar="FOLDER", help="the folder that entry-script is relative to")
    p.add_argument("--model-dir", "--model_dir", metavar="FOLDER", help=f"what {contract.MODEL_DIR} shall say")
    p.add_argument("--app-root", metavar="FOLDER", help="the working directory (default: the current one)")
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=_port, default=DEFAULT_PORT)
    p.add_argument("--listen-fd", type=int, metavar="N", help="serve on this inherited socket, not on host and port")
    p.add_argument("--listen-from", metavar="FILE", help="serve on the socket that the owner of this one hands over")
    p.add_argument("--timeout-ms", type=int, metavar="N", help=f"default {DEFAULT_TIMEOUT_MS}")
    p.add_argument("--max-body-bytes", type=int, default=limits.SCORE_BODY_BYTES, metavar="N")
    p.add_argument("--status-file", metavar="FILE", help="write the stage reached, or the fault, here as JSON")
    p.add_argument("--keys-file", metavar="FILE", help="digests of the keys that callers must send, as JSON")
    p.add_argument("--watch-stdin", action="store_true", help="stop when standard input ends")
    return p


def read_settings(argv: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """The settings that ``argv`` and ``environ`` give; a wrong argument ends the process with status 2."""
    p = parser()
    given = p.parse_args(argv)
    app_root = Path(given.app_root or environ.get(contract.APP_ROOT) or ".").resolve()
    timeout = given.timeout_ms if given.timeout_ms is not None else environ.get(contract.SCORING_TIMEOUT_MS)
    model_dir = given.model_dir or environ.get(contract.MODEL_DIR)
    server_version = environ.get("SERVER_VERSION_LOG_RESPONSE_ENABLED", "").lower() == "true"
    return Settings(
        script=_script(given.entry_script, given.source_dir, app_root, environ),
        app_root=app_root,
        model_dir=Path(model_dir).absolute() if model_dir else None,
        host=given.host,
        port=given.port,
        listen_fd=given.listen_fd,
        listen_from=Path(given.listen_from) if given.listen_from else None,
        prefix=_prefix(environ.get("SERVICE_PATH_PREFIX", "")),
        timeout_ms=_positive(p, contract.SCORING_TIMEOUT_MS, timeout, DEFAULT_TIMEOUT_MS),
        body_bytes=_positive(p, "--max-body-bytes", given.max_body_bytes, limits.SCORE_BODY_BYTES),
        cors_origins=tuple(o.strip() for o in environ.get("AML_CORS_ORIGINS", "").split(",") if o.strip()),
        log_level=environ.get("AZUREML_LOG_LEVEL", "INFO").upper(),
        version=environ.get("SERVICE_VERSION", "1.0"),
        server_version="zaffre.serving" if server_version else "",
        name=environ.get(contract.SERVICE_NAME, "ML service"),
        status_file=Path(given.status_file).absolute() if given.status_file else None,
        watch_stdin=given.watch_stdin,
        keys_file=Path(given.keys_file).absolute() if given.keys_file else None,
        not_honoured=tuple(f"{k}={environ[k]}" for k, off in NOT_HONOURED.items() if environ.get(k, "") not in off),
    )


def _script(entry: str | None, source: str | None, app_root: Path, environ: Mapping[str, str]) -> Path:
    if entry is None:
        entry = environ.get(contract.ENTRY_SCRIPT, "main.py")
        base = app_root if source is None else Path(source)
    else:
        base = Path(source) if source is not None else Path.cwd()
    return Path(os.path.abspath(base / entry))


def _prefix(text: str) -> str:
    text = text.strip("/")
    return f"/{text}" if text else ""


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port: use 1 to 65535, or 0 for a free one")
    return port


def _positive(p: argparse.ArgumentParser, name: str, value: object, default: int) -> int:
    if value is None or value == "":
        return default
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if number <= 0:
        p.error(f"{name} must be a whole number above 0, not {value!r}")
    return number
