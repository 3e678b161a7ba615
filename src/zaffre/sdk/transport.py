"""The one door to the network: HTTP with retries, and the server's errors as the classes it raised.

Only this module imports httpx, and only when the first request is made: importing it costs 100 ms, which a training
script that merely imports the SDK should not pay.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
import types
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar

from zaffre.core.codec import decode
from zaffre.core.errors import (
    AuthenticationException,
    AzureMLException,
    Category,
    NotFound,
    PermissionDenied,
    ServerUnavailable,
    ServiceException,
    TooLarge,
    from_wire,
)

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
Params = Mapping[str, object]
Content = bytes | BinaryIO | None

IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
CHUNK: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Retries:
    """How long a request that may be repeated is repeated while the server is away.

    ``seconds`` is the whole time spent, ``first_pause`` doubles after each attempt up to ``longest_pause``.
    """

    seconds: float = 10.0
    first_pause: float = 0.1
    longest_pause: float = 2.0

    def pauses(self) -> Iterator[float]:
        """Pauses between attempts; ends when the time is used up."""
        deadline = time.monotonic() + self.seconds
        pause = self.first_pause
        while time.monotonic() < deadline:
            yield pause * (0.5 + random.random() / 2)  # noqa: S311 - spreads load, guards nothing
            pause = min(pause * 2, self.longest_pause)


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: the status is below 400, or one that the caller expected."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def query(params: Params | None) -> dict[str, str]:
    """Query parameters as text: ``None`` is left out, booleans are true and false."""
    text: dict[str, str] = {}
    for key, value in (params or {}).items():
        if value is not None:
            text[key] = str(value).lower() if isinstance(value, bool) else str(value)
    return text


class Transport:
    """Requests to one server with one token. May be shared by threads; a forked child opens its own connections.

    ``http`` replaces the connection pool: any ``httpx.Client``, for instance starlette's ``TestClient`` around the
    server's application.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        http: httpx.Client | None = None,
        retries: Retries | None = None,
        timeout: float = 60.0,
    ) -> None:
        self.url = url.rstrip("/")
        self.token = token
        self.retries = retries if retries is not None else Retries()
        self.timeout = timeout
        self._given = http
        self._pool: httpx.Client | None = http
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Transport({self.url!r})"

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        content: Content = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        retries: Retries | None = None,
        timeout: float | None = None,
        expected: frozenset[int] = frozenset(),
    ) -> Answer:
        """The answer to one request; repeated while the server is away if that cannot do its work twice.

        ``idempotent`` defaults to whether the method is. A file as content is rewound for each attempt. Raises the
        class that the server raised, or ``ServerUnavailable``; an error status in ``expected`` is returned instead.
        """

        def attempt() -> Answer:
            with self._open(method, path, params, content, headers, timeout) as response:
                response.read()
                if response.status_code not in expected:
                    _check(response)
                return Answer(response.status_code, response.content, response.headers)

        again = method in IDEMPOTENT if idempotent is None else idempotent
        return self._repeat(attempt, again, retries)

    def fetch(
        self, path: str, sink: Callable[[Iterator[bytes], int | None], None], *, params: Params | None = None
    ) -> None:
        """Hand the body of a GET to ``sink`` in pieces, with its length in bytes where the server says it.

        ``sink`` is called anew for each attempt and starts from nothing each time.
        """

        def attempt() -> None:
            with self._open("GET", path, params, None, None, None) as response:
                if response.status_code >= 400:
                    response.read()
                _check(response)
                length = response.headers.get("content-length")
                encoded = response.headers.get("content-encoding")
                sink(response.iter_bytes(CHUNK), int(length) if length and not encoded else None)

        self._repeat(attempt, True, None)

    @contextmanager
    def lines(
        self,
        path: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
    ) -> Iterator[Iterator[str]]:
        """The lines of an answer that stays open; silence longer than ``timeout`` seconds raises."""
        try:
            with self._open("GET", path, params, None, headers, timeout) as response:
                if response.status_code >= 400:
                    response.read()
                _check(response)
                yield response.iter_lines()
        except _transport_errors() as error:
            raise self._unavailable(error) from error

    def close(self) -> None:
        """Close the connections; the next request opens new ones. A pool that was given stays open."""
        with self._lock:
            pool, self._pool = self._pool, self._given
        if pool is not None and pool is not self._given:
            pool.close()

    def _repeat(self, attempt: Callable[[], T], again: bool, retries: Retries | None) -> T:
        _prepare_import()
        import httpx

        pauses = (retries or self.retries).pauses()
        while True:
            try:
                return attempt()
            except _transport_errors() as error:
                # A refused connection carried nothing, so even what must not be done twice may be tried again.
                pause = next(pauses, None) if again or isinstance(error, httpx.ConnectError) else None
                if pause is None:
                    raise self._unavailable(error) from error
            except ServerUnavailable:
                pause = next(pauses, None) if again else None
                if pause is None:
                    raise
            time.sleep(pause)

    @contextmanager
    def _open(
        self,
        method: str,
        path: str,
        params: Params | None,
        content: Content,
        headers: Mapping[str, str] | None,
        timeout: float | None,
    ) -> Iterator[httpx.Response]:
        identity = {"authorization": f"Bearer {self.token}"} if self.token else {}
        sent = {**identity, **(headers or {})}
        body: bytes | Iterator[bytes] | None
        if content is None or isinstance(content, bytes):
            body = content
        else:
            content.seek(0)
            body = _pieces(content)
            # Without a length the body would go in chunks, and the server could refuse what is too large only late.
            sent["content-length"] = str(_length(content))
        http = self._http()
        with http.stream(
            method,
            self.url + path,
            params=query(params) or None,
            content=body,
            headers=sent,
            timeout=self.timeout if timeout is None else timeout,
        ) as response:
            yield response

    def _http(self) -> httpx.Client:
        if self._pool is None or self._pid != os.getpid():
            _prepare_import()
            import httpx

            with self._lock if self._pid == os.getpid() else threading.Lock():
                if self._pid != os.getpid():
                    # Sockets shared with the parent would mix two conversations: leave them to it, unclosed.
                    self._lock = threading.Lock()
                    self._pool, self._pid = self._given, os.getpid()
                if self._pool is None:
                    # Proxies of the environment are for the outside; the workspace is this machine's or a team's own.
                    self._pool = httpx.Client(trust_env=not _is_loopback(self.url), timeout=self.timeout)
                    # A handle that nobody holds any more must not leave its sockets to the garbage collector.
                    weakref.finalize(self, self._pool.close).atexit = False
        pool = self._pool
        if pool is None:
            raise ServerUnavailable(f"The connection to {self.url} was closed while a request began; try again.")
        return pool

    def _unavailable(self, error: Exception) -> ServerUnavailable:
        local = _is_loopback(self.url)
        remedy = "start it with `zaffre up`" if local else "check that it runs and that this machine reaches it"
        reason = str(error) or type(error).__name__
        return ServerUnavailable(f"The Zaffre server at {self.url} does not answer ({reason}): {remedy}.", url=self.url)


def _prepare_import() -> None:
    """Keep httpx from importing its command line, which takes longer than all the rest of it.

    It does so wherever click and rich are installed, as they are beside our own command line.
    """
    if "httpx" in sys.modules:
        return
    stand_in = types.ModuleType("httpx._main")
    stand_in.main = _no_command_line  # type: ignore[attr-defined]
    sys.modules["httpx._main"] = stand_in
    try:
        import httpx  # noqa: F401
    finally:
        sys.modules.pop("httpx._main", None)


def _no_command_line() -> None:
    raise SystemExit("httpx's command line is not available in this process.")


def _transport_errors() -> type[Exception]:
    import httpx

    return httpx.TransportError


def _check(response: httpx.Response) -> None:
    """Raise what the server raised; an answer below 400 passes."""
    if response.status_code >= 400:
        raise error_of(response.status_code, response.content, str(response.request.url.copy_with(query=None)))


def error_of(status: int, body: bytes, url: str) -> AzureMLException:
    """The error that an answer carries, as the class that the server raised."""
    try:
        carried = decode(body, dict, what="the error")
    except AzureMLException:
        carried = {}
    if isinstance(carried.get("error"), dict):
        error = from_wire(carried)
        if isinstance(error, ServiceException) and error.status_code is None:
            error.status_code = status
        return error
    text = body[:300].decode("utf-8", "replace").strip() or "an empty body"
    message = f"{url} answered {status}: {text}"
    by_status: dict[int, type[AzureMLException]] = {
        401: AuthenticationException,
        403: PermissionDenied,
        404: NotFound,
        413: TooLarge,
        502: ServerUnavailable,
        503: ServerUnavailable,
        504: ServerUnavailable,
    }
    error = by_status.get(status, ServiceException)(message)
    if isinstance(error, ServiceException):
        error.status_code = status
    return error


def is_away(error: BaseException) -> bool:
    """Whether an error means "not now" (the server is away or its disk is full) rather than "never"."""
    return isinstance(error, AzureMLException) and error.category in (Category.UNAVAILABLE, Category.FULL)


def _is_loopback(url: str) -> bool:
    host = url.split("://", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]
    return host.startswith(("127.", "localhost", "[::1]"))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(CHUNK):
        yield piece


def _length(file: BinaryIO) -> int:
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    return end
