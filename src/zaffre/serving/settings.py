"""What one serving process is told: arguments first, then the environment variables that Azure's server reads."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zaffre import __version__
from zaffre.core import contract, limits
from zaffre.serving.collection.settings import CollectionSettings, read_collection
from zaffre.serving.collector import Collector, read_collector
from zaffre.serving.scaling import Bounds, read_bounds

DEFAULT_PORT = 5001
DEFAULT_HEALTH_PORT = 5000
DEFAULT_TIMEOUT_MS = 3_600_000
DEFAULT_READ_TIMEOUT_MS = 60_000
# How far a script is tried before anyone is answered: up to init(), or run() on its sample as well.
INIT = "init"
SAMPLE = "sample"

# Settings of Azure's server that have no effect here; naming one in the log is better than silence.
NOT_HONOURED = {
    "AML_APP_INSIGHTS_ENABLED": ("", "false", "False"),
    "AML_MODEL_DC_STORAGE": ("",),
    "WORKER_PRELOAD": ("", "false", "False"),
}
# What a configuration file may say, in the words of the environment.
CONFIGURED = (
    contract.SOURCE_DIRECTORY,
    contract.ENTRY_SCRIPT,
    contract.SERVICE_NAME,
    "WORKSPACE_NAME",
    "SERVICE_PATH_PREFIX",
    "SERVICE_VERSION",
    contract.SCORING_TIMEOUT_MS,
    "AZUREML_LOG_LEVEL",
    contract.MODEL_DIR,
    "HOSTNAME",
    "AZUREML_DEBUG_PORT",
)


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
    max_wait_ms: int = 0  # that a request may wait for run(); 0: as long as timeout_ms lets it
    read_timeout_ms: int = DEFAULT_READ_TIMEOUT_MS  # from a request's first byte to its last
    front_end: bool = False  # tell failures as the front end of Azure's clusters does
    workers: int = 1
    bounds: Bounds | None = None  # of their number, which follows the load; None: it stays
    max_requests: int = 0  # after which a worker is replaced; 0: never
    max_memory_bytes: int = 0  # resident, at which a worker is replaced; 0: none
    health_port: int | None = None  # serve there too
    debug_port: int | None = None  # where a debugger listens
    debug_listen: int | None = None  # where a debugger attaches
    reload: bool = False  # replace the workers when a Python file of the script's folder changes
    cors_origins: tuple[str, ...] = ()
    log_level: str = "INFO"
    version: str = "1.0"
    server_version: str = ""  # the x-ms-server-version header; empty: not sent
    name: str = "ML service"
    status_file: Path | None = None
    watch_stdin: bool = False  # stop when standard input ends: whoever started this process is gone
    keys_file: Path | None = None  # who may call (serving.keys); None: everyone
    preflight: str = INIT
    counters_file: Path | None = None  # where the workers count, for whoever supervises (core.service_counters)
    collection: CollectionSettings | None = None  # of model data; None: off
    plain_json: bool = False  # json.loads of the script is Python's own, not msgspec's (serving.json_loads)
    marks_lines: bool = False  # what the script writes in run() has the request's id before each line
    collector: Collector | None = None  # where spans and logs go
    remarks: tuple[str, ...] = ()  # on settings that cannot be honoured
    not_honoured: tuple[str, ...] = ()

    @property
    def fault_status(self) -> int:
        """What the caller gets for 500: a cluster's front end makes that 502."""
        return 502 if self.front_end else 500

    @property
    def late_status(self) -> int:
        """What the caller gets for a call that took too long."""
        return 504 if self.front_end else 500

    def variables(self) -> dict[str, str]:
        """The environment variables that the entry script may read."""
        values = {contract.APP_ROOT: str(self.app_root)}
        if self.model_dir is not None:
            values[contract.MODEL_DIR] = str(self.model_dir)
        return values


_MOST_HELP = "more processes under load, up to N; auto: one for each processor, at most 10 (default: no more)"
_HEALTH_HELP = f"answer on this port too, where SEPERATE_HEALTH_ENDPOINT is true (default {DEFAULT_HEALTH_PORT})"


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
    p.add_argument("--max-wait-ms", type=int, metavar="N", help="answer 503 after so long a wait for run()")
    p.add_argument("--front-end", action="store_true", help="tell failures as Azure's clusters do: 502, late ones 504")
    p.add_argument("--max-body-bytes", type=int, default=limits.SCORE_BODY_BYTES, metavar="N")
    p.add_argument("--read-timeout-ms", type=int, default=DEFAULT_READ_TIMEOUT_MS, metavar="N")
    p.add_argument("--workers", "--worker_count", type=int, metavar="N", help="processes that call run() (default: 1)")
    p.add_argument("--max-workers", metavar="N", help=_MOST_HELP)
    p.add_argument("--target-utilization", metavar="N", help="percent of its time that a worker shall be busy (70)")
    p.add_argument("--scale-interval", metavar="N", help="seconds between two looks at the load (default: 1)")
    p.add_argument("--scale-down-seconds", metavar="N", help="stop workers that were not needed for so long (60)")
    p.add_argument("--max-requests", type=int, default=0, metavar="N", help="replace a worker after so many requests")
    p.add_argument("--max-memory-mb", type=int, default=0, metavar="N", help="replace a worker that takes more")
    p.add_argument("--debug-listen", type=_port, metavar="N", help="wait there for a debugger (debugpy)")
    p.add_argument("--reload", action="store_true", help="serve the script anew when a Python file beside it changes")
    p.add_argument("--health_port", "--health-port", type=_port, metavar="N", help=_HEALTH_HELP)
    p.add_argument("--access_control_allow_origins", "--cors-origins", metavar="LIST", help="origins, by commas")
    p.add_argument("--config_file", "--config-file", metavar="FILE", help="settings as JSON, by their variables' names")
    p.add_argument("--appinsights_instrumentation_key", metavar="KEY", help="refused: there is no Application Insights")
    p.add_argument("--rest", action="store_true", help=argparse.SUPPRESS)  # Azure's server has no other protocol either
    p.add_argument("--status-file", metavar="FILE", help="write the stage reached, or the fault, here as JSON")
    p.add_argument("--keys-file", metavar="FILE", help="digests of the keys that callers must send, as JSON")
    p.add_argument("--counters-file", metavar="FILE", help="count here, for whoever supervises this process")
    p.add_argument("--preflight", choices=(INIT, SAMPLE), default=INIT, help="sample: try run() on the script's sample")
    p.add_argument("--request-ids", action="store_true", help="put the request's id before each line that run() writes")
    p.add_argument("--watch-stdin", action="store_true", help="stop when standard input ends")
    return p


def read_settings(argv: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """The settings that ``argv`` and ``environ`` give; a wrong argument ends the process with status 2."""
    p = parser()
    given = p.parse_args(argv)
    if given.appinsights_instrumentation_key:
        p.error("--appinsights_instrumentation_key: there is no Application Insights here, /metrics counts instead")
    app_root = Path(given.app_root or environ.get(contract.APP_ROOT) or ".").resolve()
    environ = {**_configuration(p, given, app_root, environ), **environ}
    model_dir = given.model_dir or environ.get(contract.MODEL_DIR)
    origins = given.access_control_allow_origins or environ.get("AML_CORS_ORIGINS", "")
    name, version = environ.get(contract.SERVICE_NAME, "ML service"), environ.get("SERVICE_VERSION", "1.0")
    collector, remarks = read_collector(environ, name, version)
    workers = _positive(p, "WORKER_COUNT", given.workers or environ.get("WORKER_COUNT"), 1)
    return Settings(
        script=_script(given.entry_script, given.source_dir, app_root, environ),
        app_root=app_root,
        model_dir=Path(model_dir).absolute() if model_dir else None,
        host=given.host,
        port=given.port,
        listen_fd=given.listen_fd,
        listen_from=Path(given.listen_from) if given.listen_from else None,
        prefix=_prefix(environ.get("SERVICE_PATH_PREFIX", "")),
        timeout_ms=_timeout(p, given, environ),
        body_bytes=_positive(p, "--max-body-bytes", given.max_body_bytes, limits.SCORE_BODY_BYTES),
        max_wait_ms=_positive(p, contract.MAX_WAIT_MS, given.max_wait_ms or environ.get(contract.MAX_WAIT_MS), 0),
        front_end=given.front_end,
        read_timeout_ms=_positive(p, "--read-timeout-ms", given.read_timeout_ms, DEFAULT_READ_TIMEOUT_MS),
        workers=workers,
        bounds=_bounds(p, given, environ, workers),
        max_requests=_positive(p, "--max-requests", given.max_requests or None, 0),
        max_memory_bytes=_positive(p, "--max-memory-mb", given.max_memory_mb or None, 0) * limits.MIB,
        health_port=_health_port(given, environ),
        debug_port=_positive(p, "AZUREML_DEBUG_PORT", environ.get("AZUREML_DEBUG_PORT"), 0) or None,
        debug_listen=given.debug_listen,
        reload=given.reload,
        cors_origins=tuple(o.strip() for o in origins.split(",") if o.strip()),
        log_level=environ.get("AZUREML_LOG_LEVEL", "INFO").upper(),
        version=version,
        server_version=_server_version(environ),
        name=name,
        status_file=Path(given.status_file).absolute() if given.status_file else None,
        keys_file=Path(given.keys_file).absolute() if given.keys_file else None,
        counters_file=Path(given.counters_file).absolute() if given.counters_file else None,
        preflight=given.preflight,
        watch_stdin=given.watch_stdin,
        plain_json=environ.get(contract.PLAIN_JSON, "").lower() == "true",
        marks_lines=given.request_ids,
        collector=collector,
        remarks=tuple(remarks),
        collection=_collection(p, environ, app_root),
        not_honoured=tuple(_told(k, environ[k]) for k, off in NOT_HONOURED.items() if environ.get(k, "") not in off),
    )


def _collection(p: argparse.ArgumentParser, environ: Mapping[str, str], app_root: Path) -> CollectionSettings | None:
    try:
        return read_collection(environ, app_root)
    except ValueError as error:
        p.error(str(error))


def _bounds(
    p: argparse.ArgumentParser, given: argparse.Namespace, environ: Mapping[str, str], workers: int
) -> Bounds | None:
    down = given.scale_down_seconds or environ.get(contract.SCALE_DOWN_SECONDS)
    asked = (given.max_workers, given.target_utilization, given.scale_interval)
    try:
        return read_bounds(workers, *asked, down, is_asked=given.scale_down_seconds is not None)
    except ValueError as error:
        p.error(str(error))


def _told(name: str, value: str) -> str:
    return name if name == "AML_MODEL_DC_STORAGE" else f"{name}={value}"  # it holds the key of a storage account


def _timeout(p: argparse.ArgumentParser, given: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """SCORING_TIMEOUT_MS, or WORKER_TIMEOUT (seconds; Azure's server ends the worker then) where that is less."""
    text = given.timeout_ms if given.timeout_ms is not None else environ.get(contract.SCORING_TIMEOUT_MS)
    default = contract.CLUSTER_TIMEOUT_MS if given.front_end else DEFAULT_TIMEOUT_MS
    timeout = _positive(p, contract.SCORING_TIMEOUT_MS, text, default)
    return min(timeout, 1000 * _positive(p, "WORKER_TIMEOUT", environ.get("WORKER_TIMEOUT"), timeout))


def _health_port(given: argparse.Namespace, environ: Mapping[str, str]) -> int | None:
    if environ.get("SEPERATE_HEALTH_ENDPOINT", "").lower() != "true":
        return None
    return DEFAULT_HEALTH_PORT if given.health_port is None else int(given.health_port)


def _server_version(environ: Mapping[str, str]) -> str:
    is_told = environ.get("SERVER_VERSION_LOG_RESPONSE_ENABLED", "true").lower() == "true"
    return f"zaffre/{__version__}" if is_told else ""


def _configuration(
    p: argparse.ArgumentParser, given: argparse.Namespace, app_root: Path, environ: Mapping[str, str]
) -> dict[str, str]:
    """What a configuration file says: the one that is named, else a config.json in the app root or beside the script.
    The environment wins. Keys that are no settings are left alone, as in a workspace's config.json."""
    named = given.config_file or environ.get("AZUREML_CONFIG_FILE")
    script = _script(given.entry_script, given.source_dir, app_root, environ)
    for file in [Path(named)] if named else [app_root / "config.json", script.parent / "config.json"]:
        if not file.is_file() or not file.stat().st_size:
            if named:
                p.error(f"the configuration file {file} is not there, or is empty")
            continue
        try:
            held = json.loads(file.read_bytes())
        except ValueError as error:
            p.error(f"the configuration file {file} is not JSON: {error}")
        if not isinstance(held, dict):
            p.error(f"the configuration file {file} must hold a JSON object")
        return {key: str(held[key]) for key in CONFIGURED if held.get(key) is not None}
    return {}


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
