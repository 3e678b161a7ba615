"""What the program leaves in ``outputs/`` and the watched folders, uploaded while it runs and completely at its end."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, cast

from zaffre.core import contract
from zaffre.core.errors import AzureMLException, InvalidName, StateConflict
from zaffre.core.names import check_artifact_path
from zaffre.runner.channel import Channel
from zaffre.sdk.client import Client, artifact

_LOOK_SECONDS: Final = 1.0  # between two looks at the folders
_SETTLED_SECONDS: Final = 2.0  # an output that did not change for so long is taken for complete
_LARGE: Final = 64 * 1024 * 1024
_LARGE_SECONDS: Final = 60.0  # a large output that changes again and again is sent that often at most while running
_PIECE: Final = 1024 * 1024


@dataclass(slots=True)
class _Sent:
    """How much of a file the server has."""

    size: int = -1
    mtime_ns: int = -1
    at: float = 0.0
    content: hashlib._Hash = field(default_factory=hashlib.sha256)  # of what was appended, for watched files


@dataclass(frozen=True, slots=True)
class _Found:
    path: str  # relative to the run's folder: the artifact's path too
    local: Path
    size: int
    mtime_ns: int


class Collector:
    """Uploads the files of some folders below ``folder`` in a thread of its own until ``close``."""

    def __init__(
        self,
        channel: Channel,
        prefix: str,
        folder: Path,
        watched: list[str],
        *,
        give_up: Callable[[], bool],
        on_refusal: Callable[[AzureMLException], None],
        on_problem: Callable[[str], None],
    ) -> None:
        self._channel = channel
        self._prefix = prefix
        self._folder = folder
        names = dict.fromkeys(check_artifact_path(name) for name in watched)
        self._watched = [name for name in names if name != contract.OUTPUTS]
        self._give_up = give_up
        self._on_refusal = on_refusal
        self._on_problem = on_problem
        self._sent: dict[str, _Sent] = {}
        self._refused: set[str] = set()
        self._closed = threading.Event()
        self._is_final = False
        self._thread = threading.Thread(target=self._run, name="collection", daemon=True)
        self.missing: list[str] = []  # files that could not be sent

    def make_folders(self) -> None:
        """Make ``outputs`` and the watched folders, as scripts expect to find them."""
        for name in (contract.OUTPUTS, *self._watched):
            (self._folder / name).mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> bool:
        """Send everything that is not sent yet; returns whether the server has all of it."""
        self._closed.set()
        if self._thread.ident is not None:  # else the program could not even be started
            self._thread.join()
        self._is_final = True
        for found in self._look(self._watched):
            self._finish(found, partial(self._append, final=True))
        for found in self._look([contract.OUTPUTS]):
            if not self._is_sent(found):
                self._finish(found, self._replace)
        return not self.missing

    def _run(self) -> None:
        while not self._closed.is_set():
            begun = time.monotonic()
            for found in self._look(self._watched):
                self._attempt(found, self._append)
            for found in self._look([contract.OUTPUTS]):
                if self._is_due(found):
                    self._attempt(found, self._replace)
            # A look at many thousands of files takes long: it may not take more than a tenth of a core.
            self._closed.wait(max(_LOOK_SECONDS, 10 * (time.monotonic() - begun)))

    def _look(self, names: list[str]) -> Iterator[_Found]:
        for name in names:
            for root, _, files in os.walk(self._folder / name):
                for file in sorted(files):
                    local = Path(root) / file
                    path = local.relative_to(self._folder).as_posix()
                    try:
                        stat = local.stat()
                        check_artifact_path(path)
                    except OSError:
                        continue  # gone meanwhile, or a link to nowhere
                    except InvalidName as error:
                        self._lose(path, error.message)
                        continue
                    if local.is_file():
                        yield _Found(path, local, stat.st_size, stat.st_mtime_ns)

    def _is_due(self, found: _Found) -> bool:
        if self._is_sent(found):
            return False
        sent = self._sent.get(found.path)
        if time.time() - found.mtime_ns / 1e9 < _SETTLED_SECONDS:
            return False
        return sent is None or found.size < _LARGE or time.monotonic() - sent.at > _LARGE_SECONDS

    def _is_sent(self, found: _Found) -> bool:
        sent = self._sent.get(found.path)
        return sent is not None and (sent.size, sent.mtime_ns) == (found.size, found.mtime_ns)

    def _attempt(self, found: _Found, act: Callable[[_Found], None]) -> None:
        """While the program runs: what cannot be sent now is sent by a later look."""
        try:
            act(found)
        except OSError:
            return
        except AzureMLException as error:
            self._on_refusal(error)

    def _finish(self, found: _Found, act: Callable[[_Found], None]) -> None:
        def attempt(_: Client) -> None:
            act(found)

        try:
            self._channel.insist(attempt, self._give_up, self._on_refusal)
        except (AzureMLException, OSError) as error:
            self._lose(found.path, error.message if isinstance(error, AzureMLException) else str(error))

    def _replace(self, found: _Found) -> None:
        """Send a whole file, as long as it was when it was found."""
        with found.local.open("rb") as file:
            content = cast(BinaryIO, _Bounded(file, found.size))
            self._channel.call(lambda client: client.upload(self._path(found), content, overwrite=True))
        self._sent[found.path] = _Sent(found.size, found.mtime_ns, time.monotonic())

    def _append(self, found: _Found, *, final: bool = False) -> None:
        """Send what a watched file has gained; a file that was written anew is sent as a whole."""
        sent = self._sent.setdefault(found.path, _Sent(size=0))
        unchanged = self._is_sent(found)
        if unchanged and not final:
            return
        is_anew = found.size < sent.size or (found.size == sent.size > 0 and not unchanged)
        if is_anew or (final and sent.size and not self._begins_alike(found, sent)):
            self._replace(found)
            return
        try:
            self._extend(found, sent)
        except StateConflict:  # the server's file is another than the one that was sent to it
            self._replace(found)

    def _extend(self, found: _Found, sent: _Sent) -> None:
        with found.local.open("rb") as file:
            file.seek(sent.size)
            while sent.size < found.size and (piece := file.read(min(_PIECE, found.size - sent.size))):
                self._send(found, piece, sent.size)
                sent.size += len(piece)
                sent.content.update(piece)
        if not found.size and sent.mtime_ns < 0:
            self._send(found, b"", 0)
        sent.mtime_ns = found.mtime_ns

    def _send(self, found: _Found, piece: bytes, offset: int) -> None:
        self._channel.call(
            lambda client: client.transport.request(
                "PATCH",
                self._path(found),
                params={"offset": offset},
                content=piece,
                headers={"content-type": "application/octet-stream"},
                idempotent=True,
            )
        )

    def _begins_alike(self, found: _Found, sent: _Sent) -> bool:
        """Whether the file still begins with what was sent of it."""
        digest = hashlib.sha256()
        left = sent.size
        with found.local.open("rb") as file:
            while left > 0 and (piece := file.read(min(_PIECE, left))):
                digest.update(piece)
                left -= len(piece)
        return not left and digest.digest() == sent.content.digest()

    def _path(self, found: _Found) -> str:
        return f"{self._prefix}/artifacts/{artifact(found.path)}"

    def _lose(self, path: str, why: str) -> None:
        """A file that the server does not take; its name need not be text."""
        shown = path.encode("utf-8", "backslashreplace").decode()
        if path not in self._refused:
            self._refused.add(path)
            self._on_problem(f"{shown} is not uploaded: {why}")
        if self._is_final:  # before that, the file may still get another name
            self.missing.append(shown)


class _Bounded(io.RawIOBase):
    """The first ``length`` bytes of a file: one that grows while it is sent keeps the length that was announced."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self._length = length

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._file.seek(offset if whence == os.SEEK_SET else self._length + offset)

    def read(self, size: int = -1, /) -> bytes:
        left = max(self._length - self._file.tell(), 0)
        return self._file.read(left if size < 0 else min(size, left))
