"""Carries the files of collected data from a service's folder to the workspace's default datastore.

The serving process writes there, and runs code of others: only what stands below the service's own part of the layout
is taken, and no link is followed.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from zaffre.core import collection
from zaffre.core.entities import Workspace
from zaffre.core.errors import AzureMLException
from zaffre.core.limits import MIB
from zaffre.core.wire import WorkspaceAnswer
from zaffre.runner.channel import Channel
from zaffre.sdk.client import Client, artifact, segment
from zaffre.sdk.transport import is_away

_LOOK_SECONDS: Final = 1.0
_REST_SECONDS: Final = 10.0  # after the server refused a file
_CLOSE_SECONDS: Final = 10.0
_MOST_BYTES: Final = 2048 * MIB  # that wait while the server is away; then the oldest go


@dataclass(frozen=True, slots=True)
class _Found:
    folder: int  # a descriptor, valid until the next one is asked for
    name: str
    path: str  # in the datastore
    size: int
    written: float


def account(workspace: Workspace) -> str:
    """The part of the layout that names a workspace."""
    return collection.account_of(workspace.subscription_id, workspace.resource_group, workspace.name)


class Carrier:
    """A thread from ``start`` to ``close``, which carries what is left."""

    def __init__(
        self, channel: Channel, workspace: str, service: str, folder: Path, say: Callable[[str], None]
    ) -> None:
        self._channel = channel
        self._route = f"/api/v1/workspaces/{segment(workspace)}"
        self._service = service
        self._folder = folder
        self._say = say
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="data", daemon=True)
        self._said = ""

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Carry what is there; where the server is away it stays in the folder."""
        self._closed.set()
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        pause = 0.0
        while not self._closed.wait(pause):
            pause = self._round()
        self._round()

    def _round(self) -> float:
        """Carry all that is there; the seconds to rest then."""
        if not (self._folder / collection.FOLDER).is_dir():
            return _LOOK_SECONDS
        try:
            workspace = self._channel.call(lambda client: client.get(self._route, WorkspaceAnswer)).workspace
            for found in self._look(workspace):
                self._carry(workspace.default_datastore, found)
        except AzureMLException as error:
            if not is_away(error):
                self._tell(f"Collected data waits on this machine: {error.message}")
            with contextlib.suppress(OSError):
                self._make_room()
            return _LOOK_SECONDS if is_away(error) else _REST_SECONDS
        except OSError as error:  # a script that meddles with the folder
            self._tell(f"Collected data waits on this machine: {error}.")
            return _REST_SECONDS
        return _LOOK_SECONDS

    def _carry(self, datastore: str, found: _Found) -> None:
        route = f"{self._route}/datastores/{segment(datastore)}/files/{artifact(found.path)}"
        descriptor = os.open(found.name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=found.folder)
        with os.fdopen(descriptor, "rb") as file:
            self._upload(route, file)
        os.unlink(found.name, dir_fd=found.folder)

    def _upload(self, route: str, file: BinaryIO) -> None:
        def send(client: Client) -> None:
            client.upload(route, file, overwrite=True)

        self._channel.call(send)

    def _look(self, workspace: Workspace) -> Iterator[_Found]:
        begin = f"{collection.service_folder(account(workspace), self._service)}/"
        return (found for found in self._files() if found.path.startswith(begin))

    def _files(self) -> Iterator[_Found]:
        for root, folders, names, descriptor in os.fwalk(self._folder / collection.FOLDER):
            folders.sort()
            for name in sorted(names):
                path = f"{Path(root).relative_to(self._folder).as_posix()}/{name}"
                if collection.place_of(path) is None:
                    continue
                about = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                if stat.S_ISREG(about.st_mode):
                    yield _Found(descriptor, name, path, about.st_size, about.st_mtime)

    def _make_room(self) -> None:
        """The disk of a service must not fill because the server is away."""
        held = sorted((found.written, found.size) for found in self._files())
        over = sum(size for _, size in held) - _MOST_BYTES
        last = 0.0
        for written, size in held:
            if over <= 0:
                break
            last, over = written, over - size
        lost = 0
        for found in self._files() if last else ():
            if found.written <= last:
                os.unlink(found.name, dir_fd=found.folder)
                lost += 1
        if lost:
            self._tell(f"{lost} files of collected data were removed: more than {_MOST_BYTES // MIB} MiB waited.")

    def _tell(self, line: str) -> None:
        """Once, until it is another line or an hour later."""
        line_now = f"{line} {time.time() // 3600}"
        if line_now != self._said:
            self._said = line_now
            self._say(line)
