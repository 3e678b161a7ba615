"""The serving process from its arguments to its end."""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from functools import partial
from types import FrameType

from zaffre.core.errors import PortTaken
from zaffre.serving.app import ScoringApp
from zaffre.serving.http import HttpServer, bind
from zaffre.serving.script import EntryScript, ScriptFault, load
from zaffre.serving.settings import Settings, read_settings
from zaffre.serving.swagger import Swagger
from zaffre.serving.worker import Worker

SCRIPT_FAULT = 3
PORT_FAULT = 4

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
    servers: list[HttpServer] = []
    try:
        sock = _socket(settings, servers)
    except PortTaken as taken:
        return _fail(settings, PORT_FAULT, "port", taken.message)
    try:
        script = load(settings.script, settings.app_root)
        init_seconds = script.initialise()
    except ScriptFault as fault:
        return _fail(settings, SCRIPT_FAULT, fault.stage, fault.message, fault.details, fault.kind)
    log.info("%s imported in %.3f s, init() took %.3f s", script.path.name, script.import_seconds, init_seconds)
    times = {"import_seconds": script.import_seconds, "init_seconds": init_seconds}
    _write_status(settings, "initialised", **times)
    worker = Worker(script, settings.timeout_ms)
    draining = partial(_write_status, settings, "draining")
    server = HttpServer(_app(settings, script, worker), sock, draining, worker.stop)
    address = "{}:{}".format(*sock.getsockname()[:2])
    if not server.start():
        return PORT_FAULT
    servers.append(server)
    _stop_on_signals(server)
    if settings.watch_stdin:
        _stop_at_end_of(0, servers)
    _write_status(settings, "ready", address=address, **times)
    log.info("ready on http://%s%s/score", address, settings.prefix)
    worker.work()
    server.join()
    log.info("stopped")
    return 0


def _app(settings: Settings, script: EntryScript, worker: Worker) -> ScoringApp:
    folders = (settings.app_root, settings.script.parent)
    swagger = Swagger(settings.name, settings.version, settings.prefix, folders)
    return ScoringApp(settings, worker, swagger, raw=script.raw)


def _fail(settings: Settings, code: int, stage: str, sentence: str, details: str = "", kind: str = "") -> int:
    log.error("%s", f"{sentence}\n{details}".rstrip())
    error = {"stage": stage, "message": sentence, "details": details, "kind": kind}
    _write_status(settings, "failed", error=error)
    return code


def _start_log(level: str) -> None:
    # Our own logger only: what the entry script does with logging stays its affair.
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for name in ("zaffre.serving", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(level if name == "zaffre.serving" else "WARNING")


def _write_status(settings: Settings, stage: str, **facts: object) -> None:
    """The file that a supervisor reads, always whole: ``{"stage", "pid", ...}``.

    The stage is initialised, ready, draining (no new caller is accepted) or failed.
    """
    if settings.status_file is None:
        return
    partial = settings.status_file.with_suffix(".partial")
    partial.write_text(json.dumps({"stage": stage, "pid": os.getpid(), **facts}))
    partial.replace(settings.status_file)


def _stop_on_signals(server: HttpServer) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.stop()

    def watch() -> None:
        while (byte := woken.recv(1)) and byte[0] not in numbers:
            pass  # another signal, which user code handles
        server.stop()

    # Twice: a handler runs on the main thread and dies there when a scoring timeout strikes at the same moment; the
    # wake-up byte is written below Python, but an event loop that user code runs may take that channel away.
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        signal.signal(number, stop)
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.detach(), warn_on_full_buffer=False)
    threading.Thread(target=watch, name="signals", daemon=True).start()


def _socket(settings: Settings, servers: list[HttpServer]) -> socket.socket:
    """The socket to serve on: our own, an inherited one, or one that its owner hands over to us in a container."""
    if settings.listen_from is None:
        return bind(settings.host, settings.port, settings.listen_fd)
    owner = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        owner.connect(str(settings.listen_from))
        _, handed, _, _ = socket.recv_fds(owner, 1, 1)
    except OSError as error:
        handed = []
        log.error("%s", error)
    if not handed:
        raise PortTaken(f"No socket to serve on was handed over at {settings.listen_from}.")
    _stop_at_end_of(owner.detach(), servers)
    return bind(settings.host, settings.port, handed[0])


def _stop_at_end_of(descriptor: int, servers: list[HttpServer]) -> None:
    """Stop when nobody is at the other end any more; at once where there is no server yet."""

    def watch() -> None:
        # Not sys.stdin: a thread that waits in its buffer holds up, then aborts, the end of the interpreter.
        while os.read(descriptor, 4096):
            pass
        if not servers:
            os._exit(0)
        servers[0].stop()

    threading.Thread(target=watch, name="owner", daemon=True).start()
