"""``python -m zaffre.runner endpoint``: one supervisor for each endpoint, beside those of its versions.

It holds the endpoint's port, keeps a router (``zaffre.routing``) running on it, and tells the router which versions
are ready and what they get. The router goes on without it being asked, and without the server.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from zaffre.core.codec import convert
from zaffre.core.endpoint_wire import Endpoint, ShadowReport
from zaffre.core.entities import RunError, Service
from zaffre.core.errors import AzureMLException, Category, PortTaken
from zaffre.core.filelock import try_lock
from zaffre.core.states import ServiceState
from zaffre.core.wire import ServiceReport
from zaffre.launch import processes
from zaffre.routing import table as tables
from zaffre.routing.table import Replica, Table
from zaffre.runner.channel import Channel
from zaffre.runner.service import Settings, read_settings
from zaffre.runner.service_log import ServiceLog
from zaffre.runner.service_reports import Reports
from zaffre.runner.service_telemetry import Telemetry
from zaffre.sdk import ports
from zaffre.sdk.client import segment
from zaffre.sdk.service_folder import ServiceFolder

_LOOK_SECONDS: Final = 0.2  # how soon the end of the router is noticed
_READ_SECONDS: Final = 5.0  # between looks at the endpoint, where nothing was told of a change
_STOP_SECONDS: Final = 35.0  # a little more than the router gives to answers that are under way
_SHADOW_SECONDS: Final = 1.0
_STABLE_SECONDS: Final = 60.0  # a router that lived longer is started at once


def main() -> int:
    """0 when the endpoint is deleted or the supervisor was asked to end, 2 for a wrong start."""
    try:
        settings = read_settings(os.environ)
    except AzureMLException as error:
        sys.stderr.write(f"{error.message}\n")
        return 2
    folder = ServiceFolder(settings.home, settings.workspace, settings.name)
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    with folder.lock.open("a+b") as lock:
        if not try_lock(lock):
            return 0
        supervisor = EndpointSupervisor(settings, folder)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: supervisor.end())
        if supervisor.run():
            shutil.rmtree(folder.path, ignore_errors=True)
    return 0


class EndpointSupervisor:
    """``run`` returns True when the endpoint was deleted, False after ``end``."""

    def __init__(self, settings: Settings, folder: ServiceFolder) -> None:
        self._channel = Channel(settings.url, settings.token, settings.home)
        self._folder = folder.path / "router"
        self._folder.mkdir(exist_ok=True)
        self._service_folder = folder
        prefix = f"/api/v1/workspaces/{segment(settings.workspace)}"
        self._route = f"{prefix}/endpoints/{segment(settings.name)}"
        self._service_route = f"{prefix}/services/{segment(settings.name)}"
        self._stream: tuple[str, dict[str, object]] = (f"{prefix}/stream", {"service": settings.name})
        self._wake = threading.Event()
        self._ending = False
        self._deleted = False
        self._table = Table(settings.name)
        self._router: subprocess.Popen[bytes] | None = None
        self._telemetry = Telemetry(self._channel, self._service_route)
        self._started = 0.0
        self._deaths = 0
        self._shadow_seen = 0
        self._shadow_at = 0.0

    def end(self) -> None:
        """Stop routing and end; may be called from a signal handler."""
        self._ending = True
        self._wake.set()

    def run(self) -> bool:
        first = self._channel.insist(lambda client: client.get(self._service_route, Service), lambda: self._ending)
        self._created_at = first.created_at
        self._service = first
        self._log = ServiceLog(self._service_folder.log(first.created_at), self._channel, f"{self._service_route}/logs")
        report = ServiceReport(revision=first.revision, host=socket.gethostname(), pid=os.getpid())
        self._reports = Reports(
            self._channel, self._service_route, self._stream, report, self._hear, lambda _: self._wake.set()
        )
        self._log.start()
        self._listener = self._bind(first.port)
        tables.write(self._folder, self._table)
        self._reports.start()
        self._telemetry.start()
        try:
            self._supervise()
        finally:
            self._stop()
        return self._deleted

    def _supervise(self) -> None:
        read_at = 0.0
        while not (self._deleted or self._ending):
            self._keep_router()
            if self._wake.is_set() or time.monotonic() - read_at > _READ_SECONDS:
                self._wake.clear()
                read_at = time.monotonic()
                self._read()
            self._send_shadow()
            self._wake.wait(_LOOK_SECONDS)

    def _bind(self, port: int | None) -> socket.socket:
        with contextlib.suppress(PortTaken):
            return ports.bind(port)  # the one that it had under an earlier supervisor
        return ports.bind(None)

    def _hear(self, _revision: int, state: ServiceState) -> None:
        """What the server tells, from a thread of ``Reports``: something changed."""
        self._deleted = self._deleted or state is ServiceState.DELETED
        self._wake.set()

    def _read(self) -> None:
        """Look at the endpoint, let the router know, and report what it does."""
        try:
            endpoint = self._channel.call(lambda client: client.get(self._route, Endpoint))
        except AzureMLException as error:
            self._deleted = self._deleted or error.category is Category.NOT_FOUND
            return
        if endpoint.service.created_at != self._created_at:  # another one of the name: ours was deleted
            self._deleted = True
            return
        table = table_of(endpoint)
        if table != self._table:
            self._table = table
            tables.write(self._folder, table)
            self._poke()
            shares = ", ".join(f"{one.name} {one.share} %" for one in table.replicas) or "none"
            self._log.say(f"Versions that are ready, and their shares: {shares}.")
        self._report(endpoint)

    def _report(self, endpoint: Endpoint) -> None:
        base = f"http://localhost:{self._port}"
        revision = endpoint.service.revision
        if self._table.replicas and self._answers():
            uris = {"scoring_uri": f"{base}/score", "swagger_uri": f"{base}/swagger.json", "port": self._port}
            self._tell(revision=revision, state=ServiceState.RUNNING, error=None, **uris)
        elif all(version.service.state is ServiceState.FAILED for version in endpoint.versions):
            failed = next(version for version in endpoint.versions if version.is_default)
            known = failed.service.error
            message = f"Version {failed.name}: {known.message if known else 'it failed.'}"
            error = RunError(code="UserError", message=message, details=known.details if known else None)
            self._tell(revision=revision, state=ServiceState.FAILED, error=error, scoring_uri=None, port=None)

    def _tell(self, **changes: Any) -> None:
        if changes != getattr(self, "_told", None):
            self._told = changes
            self._reports.tell(**changes)

    @property
    def _port(self) -> int:
        return int(self._listener.getsockname()[1])

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            self._wake.set()
            return False
        finally:
            connection.close()

    # The router.

    def _keep_router(self) -> None:
        """Start the router, anew if it ended; callers wait in the socket meanwhile."""
        if self._router is not None:
            if (code := self._router.poll()) is None:
                return
            self._log.say(f"The router ended by itself with exit code {code}.")
            self._deaths = 0 if time.monotonic() - self._started > _STABLE_SECONDS else self._deaths + 1
            if self._deaths:
                time.sleep(min(0.1 * 2**self._deaths, 5.0))
        self._started = time.monotonic()
        counters = self._counters_file()
        argv = [sys.executable, "-m", "zaffre.routing", str(self._folder), str(self._listener.fileno()), str(counters)]
        with self._log.path.open("ab") as log:
            self._router = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,  # when we are gone it ends, and so does the router
                stdout=log,
                stderr=log,
                env={**os.environ, processes.MARK: f"{os.environ.get(processes.MARK, '')}/router"},
                pass_fds=[self._listener.fileno()],
                start_new_session=True,
            )
        self._wake.set()

    def _counters_file(self) -> Path:
        """A new file, in which the next router counts what it answers itself."""
        for old in self._folder.glob("counters-*"):
            old.unlink(missing_ok=True)
        made = self._folder / f"counters-{secrets.token_hex(8)}"
        made.touch(0o600)
        self._telemetry.follow(self._service, made)
        return made

    def _poke(self) -> None:
        if self._router is not None and self._router.stdin is not None:
            with contextlib.suppress(OSError):
                self._router.stdin.write(b".")
                self._router.stdin.flush()

    def _send_shadow(self) -> None:
        """Let the server have what the router wrote of its copies."""
        if time.monotonic() - self._shadow_at < _SHADOW_SECONDS:
            return
        self._shadow_at = time.monotonic()
        file = self._folder / tables.SHADOW
        try:
            changed = file.stat().st_mtime_ns
            if changed == self._shadow_seen:
                return
            report = convert(json.loads(file.read_bytes()), ShadowReport, what=str(file))
            if report.version:
                self._channel.call(lambda client: client.post(f"{self._route}/shadow", ShadowReport, report))
            self._shadow_seen = changed
        except (OSError, ValueError, AzureMLException):
            return  # it is sent again with the next look

    def _stop(self) -> None:
        router = self._router
        if router is not None and router.stdin is not None:
            with contextlib.suppress(OSError):
                router.stdin.close()
            try:
                router.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                router.kill()
                router.wait()
        self._telemetry.close()
        self._listener.close()
        self._log.say("Deleted." if self._deleted else "Stopped.")
        self._log.close()
        self._reports.close(ServiceState.DELETED if self._deleted else ServiceState.UNKNOWN)


def table_of(endpoint: Endpoint) -> Table:
    """What the router goes by: a version that has an address is ready."""
    replicas = []
    for version in endpoint.versions:
        uri, port = version.service.scoring_uri, version.service.port
        if uri is not None and port is not None:
            prefix = urlsplit(uri).path.removesuffix("/score")
            replicas.append(Replica(version.name, port, prefix, version.traffic_percentile))
    mirror, percent = next(iter(endpoint.mirror_traffic.items()), ("", 0))
    return Table(endpoint.service.name, replicas, [each.name for each in endpoint.versions], mirror, percent)
