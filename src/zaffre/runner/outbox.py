"""What the run has become, on its way to the server: in order, kept on disk until the server has acknowledged it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from zaffre.core import codec
from zaffre.core.entities import EnvironmentUse, Run
from zaffre.core.errors import AzureMLException, NotFound, StateConflict
from zaffre.core.states import RUN_TERMINAL, RunStatus
from zaffre.core.wire import RunPatch
from zaffre.runner.channel import Channel
from zaffre.sdk.client import Client


class Outbox:
    """Sends patches of one run in a thread of its own. ``put`` never waits for the server.

    ``on_cancel`` is called when the server's state of the run says that it must end; ``give_up`` is asked when the
    server is away and ends the attempts.
    """

    def __init__(
        self,
        channel: Channel,
        path: str,
        spool: Path,
        *,
        on_cancel: Callable[[], None],
        give_up: Callable[[], bool],
        on_refusal: Callable[[AzureMLException], None],
    ) -> None:
        self._channel = channel
        self._path = path
        self._spool = spool
        self._on_cancel = on_cancel
        self._give_up = give_up
        self._on_refusal = on_refusal
        self._waiting: list[RunPatch | EnvironmentUse] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self.failure: AzureMLException | None = None  # why something could not be delivered

    def start(self) -> None:
        self._thread.start()

    def put(self, patch: RunPatch | EnvironmentUse) -> None:
        with self._changed:
            self._waiting.append(patch)
            self._save()
            self._changed.notify()

    def close(self) -> bool:
        """Wait until everything is sent or given up; returns whether everything was sent."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        return not self._waiting and self.failure is None

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if not self._waiting:
                    return
                patch = self._waiting[0]
            try:
                self._channel.insist(partial(self._send, patch), self._give_up, self._on_refusal)
            except AzureMLException as error:
                self.failure = error
                if isinstance(error, NotFound):  # the run was deleted: nobody wants to hear of it any more
                    self._on_cancel()
                if self._give_up():
                    return
            with self._changed:
                self._waiting.pop(0)
                self._save()

    def _send(self, patch: RunPatch | EnvironmentUse, client: Client) -> None:
        """One attempt. Where the server has gone another way meanwhile, its word and the run's fate are reconciled."""
        if isinstance(patch, EnvironmentUse):
            client.put(f"{self._path}/environment", EnvironmentUse, patch)
            return
        try:
            client.patch(self._path, Run, patch)
        except StateConflict:
            self._reconcile(patch, client)

    def _reconcile(self, patch: RunPatch, client: Client) -> None:
        status = client.get(self._path, Run).status
        if status is RunStatus.CANCELED or (status is RunStatus.CANCEL_REQUESTED and patch.status not in RUN_TERMINAL):
            self._on_cancel()
        elif status is RunStatus.FAILED:
            # The server lost sight of the run and gave it up; it went on all the while.
            client.patch(self._path, Run, RunPatch(status=RunStatus.RUNNING))
            if patch.status is RunStatus.FINALIZING or patch.status in RUN_TERMINAL:
                client.patch(self._path, Run, patch)

    def _save(self) -> None:
        unfinished = self._spool.with_suffix(".part")
        unfinished.write_bytes(codec.encode(self._waiting))
        os.replace(unfinished, self._spool)
