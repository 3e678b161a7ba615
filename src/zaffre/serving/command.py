"""The scoring server from its arguments to its end."""

from __future__ import annotations

import faulthandler
import importlib
import json
import logging
import os
import resource
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from zaffre.core.data_collector import SINK
from zaffre.core.errors import PortTaken
from zaffre.serving import json_loads, metrics, output, preflight, schema
from zaffre.serving.app import App
from zaffre.serving.board import Board
from zaffre.serving.collection.outlet import Outlet
from zaffre.serving.debugger import wait_for_debugger
from zaffre.serving.front import Front
from zaffre.serving.lifeguard import Lifeguard
from zaffre.serving.listeners import listeners
from zaffre.serving.member import Recruit
from zaffre.serving.script import EntryScript, ScriptFault, load
from zaffre.serving.settings import SAMPLE, Settings, read_settings
from zaffre.serving.swagger import Swagger
from zaffre.serving.worker import Worker

if TYPE_CHECKING:
    from zaffre.serving.tracer import Tracer

SCRIPT_FAULT: Final = 3
PORT_FAULT: Final = 4

log = logging.getLogger("zaffre.serving")


def main(argv: Sequence[str] | None = None) -> int:
    """0 after an orderly end, 3 when the entry script cannot serve, 4 when its port cannot be used; a wrong argument
    ends the process with 2."""
    settings = read_settings(sys.argv[1:] if argv is None else argv, os.environ)
    _start_log(settings.log_level)
    faulthandler.enable()
    os.environ.update(settings.variables())
    os.chdir(settings.app_root)
    for setting in settings.not_honoured:
        log.warning("%s has no effect on this service", setting)
    for remark in settings.remarks:
        log.warning("%s", remark)
    if settings.bounds is not None:
        log.info("%s", settings.bounds)
    _raise_file_limit()
    tell = partial(_write_status, settings)
    try:
        sockets, owner = listeners(settings)
    except PortTaken as taken:
        log.error("%s", taken.message)
        tell("failed", error={"stage": "port", "message": taken.message, "details": "", "kind": ""})
        return PORT_FAULT
    front = Front(settings, sockets, owner, tell)
    part = front.run()
    if isinstance(part, Recruit):
        return _work(settings, front.board, part)
    log.info("stopped")
    return part


def _work(settings: Settings, board: Board, part: Recruit) -> int:
    """The life of a worker. 3 when the script cannot serve."""
    channel = part.channel
    outlet = Outlet(settings.collection, board.row(part.row)) if settings.collection is not None else None
    SINK.set(outlet)
    tracer = _tracer(settings, board.row(part.row))
    outputs = output.install(settings.marks_lines, tracer.line if tracer is not None else None)
    try:
        _configure_user_log(settings)
        if settings.debug_port is not None or settings.debug_listen is not None:
            wait_for_debugger(settings.debug_port, settings.debug_listen)
        if not settings.plain_json:
            json_loads.install()
        # Python takes a source of the same size and second for the one that it has bytecode of.
        sys.dont_write_bytecode = sys.dont_write_bytecode or settings.reload
        channel.tell(stage="step", step="import")
        script = load(settings.script, settings.app_root, settings.model_dir)
        channel.tell(stage="step", step="init", import_seconds=script.import_seconds)
        init_seconds = script.initialise(settings.model_dir)
        channel.tell(stage="step", step="sample", init_seconds=init_seconds)
        tried = preflight.check(script, settings) if part.is_first else ""
    except ScriptFault as fault:
        log.error("%s", f"{fault.message}\n{fault.details}".rstrip())
        error = {"stage": fault.stage, "message": fault.message, "details": fault.details, "kind": fault.kind}
        channel.tell(stage="failed", error=error)
        return SCRIPT_FAULT
    log.info("%s imported in %.3f s, init() took %.3f s", script.path.name, script.import_seconds, init_seconds)
    if settings.preflight == SAMPLE and tried:
        log.info("before anyone is answered: %s", tried)
    app = _app(settings, script, board)
    worker = Worker(settings, script, app, board, board.row(part.row), channel)
    if outlet is not None:
        outlet.follow(worker)
    for one in outputs:
        one.calls = worker
    worker.tracer = tracer
    Lifeguard(worker).start()
    at_once = 1 if script.batching is None else script.batching.max_size
    channel.tell(stage="ready", preflight=tried, batch=at_once)
    worker.work()
    channel.tell(stage="left")
    if tracer is not None:
        tracer.close()
    if outlet is not None:
        outlet.close()
    return 0


def _app(settings: Settings, script: EntryScript, board: Board) -> App:
    folders = (settings.app_root, settings.script.parent)
    swagger = Swagger(settings.name, settings.version, settings.prefix, folders, schema.schemas(script.run))
    return App(settings, swagger, partial(metrics.text, board), raw=script.raw)


def _tracer(settings: Settings, row: memoryview) -> Tracer | None:
    """Where a collector is configured, what sends it spans and logs. Nothing of that is imported elsewhere."""
    if settings.collector is None:
        return None
    module = importlib.import_module("zaffre.serving.tracer")
    made: Tracer = module.Tracer(settings.collector, row, f"{settings.prefix}/score")
    log.addHandler(made)
    return made


def _start_log(level: str) -> None:
    # Our own logger only: what the entry script does with logging stays its affair.
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel(level)


def _configure_user_log(settings: Settings) -> None:
    """Apply a ``logging.json`` in the app root or beside the script, as Azure's server does."""
    for folder in (settings.app_root, settings.script.parent):
        file = folder / "logging.json"
        if file.is_file():
            try:
                import logging.config

                logging.config.dictConfig({"disable_existing_loggers": False, **json.loads(file.read_bytes())})
            except (ValueError, TypeError, AttributeError, ImportError) as error:
                raise ScriptFault("script", f"{file} is no logging configuration: {error}") from error
            return


def _write_status(settings: Settings, stage: str, **facts: Any) -> None:
    """The file that a supervisor reads, always whole: ``{"stage", "pid", ...}``.

    The stage is import, init or sample while the first worker does that, then initialised, ready, draining (no new
    caller is accepted) or failed.
    """
    if settings.status_file is None:
        return
    partial_file = settings.status_file.with_suffix(".partial")
    partial_file.write_text(json.dumps({"stage": stage, "pid": os.getpid(), **facts}))
    partial_file.replace(settings.status_file)


def _raise_file_limit() -> None:
    """Each connection takes a descriptor of the front and one of a worker."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 20_000 if hard == resource.RLIM_INFINITY else min(hard, 20_000)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
