"""The REST API in typed verbs: what every noun of the SDK speaks to."""

from __future__ import annotations

import io
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast
from urllib.parse import quote

from zaffre.core.codec import convert, decode, encode
from zaffre.core.errors import AzureMLException
from zaffre.sdk.transport import Retries, Transport, is_away

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
Progress = Callable[[int, "int | None"], None]  # (bytes so far, bytes in all or None)


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event; ``data`` is JSON text."""

    event: str
    data: str
    id: str

    def decode(self, type_: type[T]) -> T:
        return decode(self.data, type_, what=f"the {self.event} event")


def segment(text: str) -> str:
    """One path segment, escaped."""
    return quote(text, safe="")


def artifact(path: str) -> str:
    """A path of several segments, escaped; the slashes stay."""
    return quote(path, safe="/")


class Client:
    """The REST API of one server. Paths begin with ``/``; those of a workspace with ``client.ws(name)``."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        http: httpx.Client | None = None,
        retries: Retries | None = None,
        timeout: float = 60.0,
    ) -> None:
        self.transport = Transport(url, token, http=http, retries=retries, timeout=timeout)

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    @property
    def url(self) -> str:
        return self.transport.url

    @property
    def token(self) -> str:
        return self.transport.token

    def ws(self, name: str) -> str:
        """The prefix of a workspace's routes."""
        return f"/api/v1/workspaces/{segment(name)}"

    def get(self, path: str, type: type[T], /, **params: object) -> T:
        return decode(self.transport.request("GET", path, params=params).body, type, what=f"the answer of {path}")

    def items(self, path: str, type: type[T], /, *, at_most: int | None = None, **params: object) -> Iterator[T]:
        """Every item of a list route, page after page; ``at_most`` ends the walk early."""
        after: object = params.pop("after", None)
        seen = 0
        while True:
            page = self.get(path, dict[str, Any], after=after, **params)
            for item in page["items"]:
                if at_most is not None and seen >= at_most:
                    return
                yield convert(item, type, what=f"an item of {path}")
                seen += 1
            after = page.get("next")
            if not after:
                return

    def post(
        self, path: str, type: type[T], body: object = None, /, *, idempotent: bool = False, **params: object
    ) -> T:
        """``idempotent``: the server does this once however often it is sent, so it may be repeated."""
        return self._send("POST", path, type, body, idempotent, params)

    def put(self, path: str, type: type[T], body: object = None, /, **params: object) -> T:
        return self._send("PUT", path, type, body, True, params)

    def patch(self, path: str, type: type[T], body: object = None, /, **params: object) -> T:
        """Patches set values, so they may be repeated."""
        return self._send("PATCH", path, type, body, True, params)

    def _send(
        self, method: str, path: str, type_: type[T], body: object, idempotent: bool, params: dict[str, object]
    ) -> T:
        content = None if body is None else encode(body)
        headers = {"content-type": "application/json"} if content is not None else None
        answer = self.transport.request(
            method, path, params=params, content=content, headers=headers, idempotent=idempotent
        )
        return decode(answer.body or b"null", type_, what=f"the answer of {path}")

    def delete(self, path: str, **params: object) -> None:
        self.transport.request("DELETE", path, params=params)

    def read(self, path: str, *, offset: int = 0, **params: object) -> bytes:
        """A whole body, or the part from ``offset`` on (empty where there is none yet)."""
        headers = {"range": f"bytes={offset}-"} if offset else None
        beyond = frozenset({416}) if offset else frozenset[int]()
        answer = self.transport.request("GET", path, params=params, headers=headers, expected=beyond)
        if answer.status == 416:
            return b""
        return answer.body if answer.status == 206 or not offset else answer.body[offset:]

    def upload(
        self,
        path: str,
        source: bytes | str | os.PathLike[str] | BinaryIO,
        *,
        method: str = "PUT",
        progress: Progress | None = None,
        **params: object,
    ) -> bytes:
        """Send bytes, a file or an open binary file (from its beginning) as the body; returns the answer's body.

        An open file that cannot be rewound is read into memory first.
        """
        headers = {"content-type": "application/octet-stream"}
        with _opened(source) as content:
            body = content if progress is None else watched(content, progress)
            answer = self.transport.request(
                method, path, params=params, content=body, headers=headers, idempotent=True, timeout=600.0
            )
        return answer.body

    def download(
        self, path: str, target: str | os.PathLike[str], progress: Progress | None = None, **params: object
    ) -> Path:
        """The body as the file ``target``, which appears only when it is complete; folders above it are made."""
        final = Path(target)
        final.parent.mkdir(parents=True, exist_ok=True)
        partial = final.with_name(f".{final.name}.{secrets.token_hex(4)}.part")

        def sink(pieces: Iterator[bytes], length: int | None) -> None:
            done = 0
            with partial.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
                    done += len(piece)
                    if progress is not None:
                        progress(done, length)

        try:
            self.transport.fetch(path, sink, params=params)
            os.replace(partial, final)
        finally:
            partial.unlink(missing_ok=True)
        return final

    def stream(self, path: str, params: dict[str, object] | None = None, *, patience: float = 60.0) -> Iterator[Event]:
        """Server-sent events, resumed by ``Last-Event-ID`` when the connection breaks.

        Ends never by itself; raises ``ServerUnavailable`` when the server stayed away for ``patience`` seconds.
        """
        last = ""
        heard = time.monotonic()
        while True:
            headers = {"accept": "text/event-stream"} | ({"last-event-id": last} if last else {})
            try:
                with self.transport.lines(path, params=params, headers=headers) as lines:
                    for event in events(lines):
                        heard = time.monotonic()
                        last = event.id or last
                        yield event
            except AzureMLException as error:
                if not is_away(error) or time.monotonic() - heard > patience:
                    raise
            time.sleep(0.3)


def events(lines: Iterator[str]) -> Iterator[Event]:
    """The events that the lines of a ``text/event-stream`` hold; comments are passed over."""
    kind, data, ident = "message", [], ""  # type: str, list[str], str
    for line in lines:
        if not line:
            if data:
                yield Event(kind, "\n".join(data), ident)
            kind, data = "message", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif name == "id":
            ident = value


class _Watched(io.RawIOBase):
    """A file that tells how much of it was read."""

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        self._file = file
        self._progress = progress
        self._length = file.seek(0, os.SEEK_END)
        self._done = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._done = self._file.seek(offset, whence)
        return self._done

    def read(self, size: int = -1, /) -> bytes:
        piece = self._file.read(size)
        self._done += len(piece)
        if piece:
            self._progress(self._done, self._length)
        return piece


def watched(content: bytes | BinaryIO, progress: Progress) -> BinaryIO:
    """The content as a file that reports every piece read to ``progress``."""
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    return cast(BinaryIO, _Watched(file, progress))


@contextmanager
def _opened(source: bytes | str | os.PathLike[str] | BinaryIO) -> Iterator[bytes | BinaryIO]:
    if isinstance(source, bytes):
        yield source
    elif isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            yield file
    elif source.seekable():
        yield source
    else:
        yield source.read()
