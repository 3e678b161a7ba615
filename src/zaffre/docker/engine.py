"""A client for the Docker Engine API (docs.docker.com/reference/api/engine), which Podman's socket speaks too."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from zaffre.core.errors import EngineError, EngineUnavailable
from zaffre.docker.address import DOCKER_HOST, address

NEWEST_API: Final = (1, 47)  # the newest version of the API whose answers this client was written for
OLDEST_API: Final = (1, 40)  # the oldest with BuildKit's mounts
_CONNECT_SECONDS: Final = 10.0
_ANSWER_SECONDS: Final = 120.0  # an engine under load takes its time to create or remove

Body = bytes | IO[bytes] | None


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine that answered. A value: it holds no connection, and may be used from any thread."""

    address: str  # unix:///var/run/docker.sock, tcp://host:2375
    name: str  # "Docker" or "Podman"
    version: str  # the engine's own
    api: str  # of the API, "1.41"

    @classmethod
    def connect(cls, where: str | None = None) -> Engine:
        """The engine at ``where``, else the one that DOCKER_HOST names, else the first socket found.

        Raises ``EngineUnavailable`` saying what to start.
        """
        found = where or address()
        _check_scheme(found)
        asked = cls(found, "Docker", "", "")
        answer = asked.get("/version")
        is_podman = any("Podman" in str(part.get("Name")) for part in answer.get("Components") or ())
        offered = _numbers(str(answer.get("ApiVersion") or "0.0"))
        if offered < OLDEST_API:
            raise EngineUnavailable(
                f"The container engine at {found} is too old: it speaks version {_dotted(offered)} of the API, and "
                f"{_dotted(OLDEST_API)} (Docker 19.03) is needed."
            )
        return cls(
            found,
            "Podman" if is_podman else "Docker",
            str(answer.get("Version") or ""),
            _dotted(min(offered, NEWEST_API)),
        )

    @property
    def has_buildkit(self) -> bool:
        return self.name == "Docker"

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine, so that folders of this machine can be mounted."""
        parts = urlsplit(self.address)
        return parts.scheme == "unix" or parts.hostname in ("localhost", "127.0.0.1", "::1")

    def get(self, path: str, **query: object) -> Any:
        return self.call("GET", path, query)

    def post(self, path: str, body: object = None, **query: object) -> Any:
        return self.call("POST", path, query, body)

    def delete(self, path: str, **query: object) -> Any:
        return self.call("DELETE", path, query)

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        body: object = None,
        *,
        timeout: float | None = _ANSWER_SECONDS,
    ) -> Any:
        """The decoded answer, None for an empty one; ``timeout`` None waits for ever.

        Raises ``EngineError`` with ``status`` among its facts, ``EngineUnavailable``.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        with self.open(method, path, query, data, headers, timeout=timeout) as response:
            text = response.read()
        try:
            return json.loads(text) if text.strip() else None
        except ValueError:
            return text.decode("utf-8", "replace")

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        body: Body = None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float | None = _ANSWER_SECONDS,
    ) -> Iterator[Response]:
        """The answer as it comes; ``timeout`` None waits for ever. Raises what ``call`` raises, also while it is
        read."""
        connection = _connection(self.address)
        parameters = {key: _text(value) for key, value in query.items() if value is not None}
        prefix = f"/v{self.api}" if self.api else ""
        target = prefix + quote(path, safe="/:@") + (f"?{urlencode(parameters)}" if parameters else "")
        try:
            with self._translated():
                connection.connect()
                connection.sock.settimeout(timeout)
                connection.request(method, target, body=body, headers=dict(headers or {}))
                answer = connection.getresponse()
                refused = answer.read() if answer.status >= 400 else None
            if refused is not None:
                raise _refusal(method, path, answer.status, refused)
            yield Response(connection, answer, self._translated)
        finally:
            connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Only around what talks to the engine: another file's trouble is not the engine's."""
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            raise self._gone(error) from error

    def _gone(self, error: Exception) -> EngineUnavailable:
        if not self.api:  # the first request: it was never there
            remedy = f"is {DOCKER_HOST} right?" if os.environ.get(DOCKER_HOST) else "start it, or set DOCKER_HOST."
            if isinstance(error, PermissionError):
                remedy = "this account may not use its socket: add it to the group docker, or use rootless Podman."
            return EngineUnavailable(f"No container engine answers at {self.address} ({error}): {remedy}")
        return EngineUnavailable(
            f"The container engine at {self.address} went away ({error or type(error).__name__}): start it again "
            "(`sudo systemctl start docker`), then try once more."
        )


class Response:
    """An answer that is still coming in."""

    def __init__(
        self,
        connection: http.client.HTTPConnection,
        answer: http.client.HTTPResponse,
        translated: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._connection = connection
        self._answer = answer
        self._translated = translated

    def read(self, size: int | None = None) -> bytes:
        with self._translated():
            return self._answer.read(size)

    def lines(self) -> Iterator[dict[str, Any]]:
        """JSON values, one on each line, as they come."""
        while line := self._line():
            if line.strip():
                yield json.loads(line)

    def frames(self) -> Iterator[bytes]:
        """What a container without a terminal prints: the engine puts 8 bytes before each piece of it."""
        while header := self._read_whole(8):
            yield self._read_whole(int.from_bytes(header[4:8], "big"))

    def abort(self) -> None:
        """End the reading in another thread."""
        sock = self._connection.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it has ended by itself

    def _line(self) -> bytes:
        with self._translated():
            return self._answer.readline()

    def _read_whole(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            piece = self.read(size - len(found))
            if not piece:
                return b""
            found += piece
        return found


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_CONNECT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connection(where: str) -> http.client.HTTPConnection:
    parts = urlsplit(where)
    if parts.scheme == "unix":
        return _UnixConnection(parts.path)
    host, port = parts.hostname or "localhost", parts.port
    if parts.scheme == "https" or os.environ.get("DOCKER_TLS_VERIFY"):
        folder = Path(os.environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
        try:
            context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
            context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        except OSError as error:
            raise EngineUnavailable(
                f"The certificates for the engine at {where} cannot be read in {folder}: {error}."
            ) from error
        return http.client.HTTPSConnection(host, port or 2376, timeout=_CONNECT_SECONDS, context=context)
    return http.client.HTTPConnection(host, port or 2375, timeout=_CONNECT_SECONDS)


def _check_scheme(where: str) -> None:
    if urlsplit(where).scheme not in ("unix", "tcp", "http", "https"):
        raise EngineUnavailable(
            f"The container engine's address {where!r} is none of unix:///path and tcp://host:port: set {DOCKER_HOST}."
        )


def _refusal(method: str, path: str, status: int, body: bytes) -> EngineError:
    try:
        message = str(json.loads(body).get("message") or "")
    except (ValueError, AttributeError):
        message = body.decode("utf-8", "replace")
    return EngineError(
        f"The container engine refused {method} {path}: {message.strip() or status}",
        status=status,
        said=message.strip(),
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _numbers(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return int(major or 0), int(minor.partition(".")[0] or 0)


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
