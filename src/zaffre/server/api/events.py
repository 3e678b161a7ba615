"""What a page follows, as server-sent events: who is told of news reads the store, and sends what is new since then.

An event's id is the cursor: how many points of each metric and how many bytes of the log were sent. A stream that is
opened with it as ``Last-Event-ID`` goes on from there. While it is open, it is asked again whether its reader may: who
signed out, or was denied, is sent nothing more after a moment.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace

from starlette.concurrency import run_in_threadpool

from zaffre.core import codec
from zaffre.core.entities import ArtifactInfo, Service
from zaffre.core.errors import AzureMLException, InvalidValue, NotFound, WebserviceNotFound
from zaffre.core.states import ServiceState
from zaffre.core.wire import FilesChanged, LogChunk
from zaffre.server.api.values import columns, finite
from zaffre.server.artifacts import roots
from zaffre.server.artifacts.contract import ArtifactStore
from zaffre.server.deployments import services as deployments
from zaffre.server.deployments.services import LOG, Services
from zaffre.server.notifier import Notifier
from zaffre.server.tracking.tracking import Tracking

STOP = "stop"  # the topic that ends every stream
PAUSE_SECONDS = 0.1  # news of this time go out together
ADMITTED_SECONDS = 2.0  # how long it is believed that a reader may read
LOG_PIECE = 256 * 1024
POINTS_PER_EVENT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one stream is about. ``log`` is a path among the run's files; without a run it is the service's log.

    A stream that is not resumed begins with all points and the whole log, unless ``new_points`` (only points that are
    logged from now on) or ``log_offset`` (bytes of the log that the reader has) say otherwise.
    """

    ws: str
    run: str | None = None
    log: str | None = None
    service: str | None = None
    runs: bool = False
    new_points: bool = False
    log_offset: int = 0

    def topics(self) -> set[str]:
        found = {STOP}
        if self.run is not None:
            found |= {f"run:{self.run}", f"metrics:{self.run}", f"files:{self.run}"}
            if self.log is not None:
                found.add(f"log:{self.run}")
        if self.service is not None:
            found.add(deployments.topic(self.ws, self.service))
        if self.runs:
            found.add(f"runs:{self.ws}")
        return found


@dataclass(slots=True)
class Cursor:
    """How much was sent."""

    points: dict[str, int] = field(default_factory=dict)  # of each metric
    log: int = 0  # bytes

    @classmethod
    def parse(cls, text: str | None) -> Cursor:
        if not text:
            return cls()
        try:
            return codec.decode(base64.urlsafe_b64decode(text.encode()), cls, what="Last-Event-ID")
        except (binascii.Error, UnicodeError) as error:
            raise InvalidValue("Last-Event-ID is not the id of an event of this stream.") from error

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(codec.encode(self)).decode()


class Streams:
    """Opens streams, and ends them all when the server stops."""

    def __init__(
        self,
        tracking: Tracking,
        services: Services,
        artifacts: ArtifactStore,
        notifier: Notifier,
        *,
        keep_alive_seconds: float,
    ) -> None:
        self._tracking = tracking
        self._services = services
        self._artifacts = artifacts
        self._notifier = notifier
        self._keep_alive = keep_alive_seconds
        self._closed = False

    def start(self, wanted: Wanted, last_event_id: str | None) -> Cursor:
        """Where a stream begins. Raises ``NotFound`` for a run or service that is not there."""
        if wanted.run is not None:
            self._tracking.get_run(wanted.ws, wanted.run)
        if wanted.service is not None:
            self._services.get(wanted.ws, wanted.service)
        if last_event_id:
            return Cursor.parse(last_event_id)
        points: dict[str, int] = {}
        if wanted.run is not None and wanted.new_points:
            heads, _ = self._tracking.metric_heads(wanted.ws, wanted.run)
            points = {head.name: head.appended for head in heads}
        return Cursor(points=points, log=wanted.log_offset)

    def close(self) -> None:
        self._closed = True
        self._notifier.publish(STOP)

    async def follow(
        self, wanted: Wanted, cursor: Cursor, admit: Callable[[], Awaitable[None]]
    ) -> AsyncIterator[bytes]:
        """Everything that is wanted as it is now, then what changes, until the reader or the server goes.

        ``admit`` raises once the reader may not read any more: then the stream ends within ``ADMITTED_SECONDS``.
        """
        reader = _Reader(wanted, cursor, self._tracking, self._services, self._artifacts)
        admission = _Admission(admit)
        topics = wanted.topics()
        mark = self._notifier.mark()
        news = topics
        while not self._closed:
            try:
                async for event in _in_threads(reader.read(news)):
                    await admission.check()
                    yield event
                news = await self._news(topics, mark, admission)
            except AzureMLException:
                return  # who followed what is deleted, or denied, comes back with its cursor, and is then told so
            if not news:
                yield b": still here\n\n"
                continue
            await asyncio.sleep(PAUSE_SECONDS)
            # The mark comes first: what is published between the two lines is news twice, never missed.
            later = self._notifier.mark()
            news = await self._notifier.wait(topics, since=mark, timeout=0) or news
            mark = later

    async def _news(self, topics: set[str], mark: int, admission: _Admission) -> set[str]:
        """The topics with news, as soon as there are any; none when it was quiet for as long as a stream may be."""
        until = time.monotonic() + self._keep_alive
        while (left := until - time.monotonic()) > 0:
            if news := await self._notifier.wait(topics, since=mark, timeout=min(left, ADMITTED_SECONDS)):
                return news
            await admission.check()
        return set()


class _Admission:
    """Whether the reader of one stream may still read it: asked again when the last answer has become old."""

    def __init__(self, admit: Callable[[], Awaitable[None]]) -> None:
        self._admit = admit
        self._until = time.monotonic() + ADMITTED_SECONDS

    async def check(self) -> None:
        """Raise what the guard would answer to a request of now."""
        if time.monotonic() >= self._until:
            await self._admit()
            self._until = time.monotonic() + ADMITTED_SECONDS


class _Reader:
    """Reads what is new for one stream, and remembers what was sent."""

    def __init__(
        self, wanted: Wanted, cursor: Cursor, tracking: Tracking, services: Services, artifacts: ArtifactStore
    ) -> None:
        self._wanted = wanted
        self._cursor = cursor
        self._tracking = tracking
        self._services = services
        self._artifacts = artifacts
        self._sent: dict[str, bytes] = {}  # the last data of events that say how something is
        self._files: dict[str, ArtifactInfo] = {}
        self._service: Service | None = None

    def read(self, news: set[str]) -> Iterator[bytes]:
        """The events that ``news`` call for. Blocks; to be iterated in a thread."""
        wanted = self._wanted
        if wanted.run is not None:
            yield from self._of_run(wanted.run, news)
        if wanted.service is not None and deployments.topic(wanted.ws, wanted.service) in news:
            yield from self._of_service(wanted.service)
        if f"runs:{wanted.ws}" in news:
            yield self._event("runs", codec.encode({"workspace": wanted.ws}))

    def _of_run(self, run_id: str, news: set[str]) -> Iterator[bytes]:
        ws = self._wanted.ws
        # Points and log come before the state: who sees that a run has ended has seen all of it.
        state = finite(self._tracking.get_run(ws, run_id)) if f"run:{run_id}" in news else None
        if f"metrics:{run_id}" in news:
            yield from self._metrics(run_id)
        if self._wanted.log is not None and (f"log:{run_id}" in news or state is not None):
            yield from self._log(roots.run(ws, run_id), self._wanted.log)
        if f"files:{run_id}" in news:
            yield from self._changed_files(roots.run(ws, run_id))
        if state is not None:
            yield from self._state("run", codec.encode(state))

    def _metrics(self, run_id: str) -> Iterator[bytes]:
        while True:
            grown, seen = self._tracking.metrics_since(self._wanted.ws, run_id, self._cursor.points)
            if not grown:
                return
            for name, points in grown.items():
                for start in range(0, len(points), POINTS_PER_EVENT):
                    part = points.part(start, start + POINTS_PER_EVENT)
                    left = len(points) - start - len(part)
                    self._cursor.points[name] = seen[name] - left
                    yield self._event("metrics", codec.encode({name: columns(part)}))

    def _log(self, root: str, path: str) -> Iterator[bytes]:
        while True:
            try:
                size = self._artifacts.info(root, path).size or 0
            except NotFound:
                return
            start = self._cursor.log
            end = min(size, start + LOG_PIECE)
            if end <= start:
                return
            text, used = _decoded(b"".join(self._artifacts.read(root, path, start, end)))
            if not used:
                return  # a character of which the rest is still to come
            self._cursor.log += used
            yield self._event("log", codec.encode(LogChunk(path=path, offset=start, text=text)))

    def _changed_files(self, root: str) -> Iterator[bytes]:
        now = {info.path: info for info in self._artifacts.listing(root)}
        changed = [info for path, info in now.items() if self._files.get(path) != info]
        self._files = now
        if changed:
            yield self._event("files", codec.encode(FilesChanged(items=changed)))

    def _of_service(self, name: str) -> Iterator[bytes]:
        if self._wanted.log is not None and self._wanted.run is None:
            yield from self._log(roots.service(self._wanted.ws, name), LOG)
        try:
            self._service = self._services.get(self._wanted.ws, name)
        except WebserviceNotFound:
            if self._service is not None:
                yield from self._state("service", codec.encode(replace(self._service, state=ServiceState.DELETED)))
            raise
        yield from self._state("service", codec.encode(self._service))

    def _state(self, kind: str, data: bytes) -> Iterator[bytes]:
        if self._sent.get(kind) != data:
            self._sent[kind] = data
            yield self._event(kind, data)

    def _event(self, kind: str, data: bytes) -> bytes:
        return f"id: {self._cursor}\nevent: {kind}\ndata: ".encode() + data + b"\n\n"


def _decoded(data: bytes) -> tuple[str, int]:
    """The text of whole characters at the beginning of ``data``, and how many bytes they are."""
    # At most the last three bytes can belong to a character that is not complete; anything else is not UTF-8.
    for cut in range(min(4, len(data) + 1)):
        try:
            whole = data[: len(data) - cut]
            return whole.decode(), len(whole)
        except UnicodeDecodeError:
            continue
    return data.decode(errors="replace"), len(data)


async def _in_threads(events: Iterator[bytes]) -> AsyncIterator[bytes]:
    def step() -> bytes | None:
        return next(events, None)

    while (event := await run_in_threadpool(step)) is not None:
        yield event
