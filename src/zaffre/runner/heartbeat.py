"""Tells the server that the run lives, and hears from it whether it should go on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from zaffre.core.errors import AzureMLException, NotFound
from zaffre.core.limits import HEARTBEAT_SECONDS
from zaffre.core.states import RunStatus
from zaffre.core.wire import HeartbeatAnswer
from zaffre.runner.channel import Channel

_PAUSE_SECONDS: Final = 0.2  # after an answer that came sooner than it had to


class Heartbeat:
    """Beats in a thread of its own until ``stop``. A beat that is lost is none: the next one comes.

    The server holds its answer back until the run is to be canceled or the next beat is due, so a cancel is heard at
    once.
    """

    def __init__(
        self, channel: Channel, path: str, *, on_cancel: Callable[[], None], on_lost: Callable[[], None]
    ) -> None:
        self._channel = channel
        self._path = f"{path}/heartbeat"
        self._on_cancel = on_cancel
        self._on_lost = on_lost
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while True:
            pause = HEARTBEAT_SECONDS
            try:
                answer = self._channel.call(
                    lambda client: client.post(self._path, HeartbeatAnswer, idempotent=True, wait=HEARTBEAT_SECONDS),
                )
            except NotFound:
                self._on_cancel()
            except AzureMLException:
                pass
            else:
                self._heed(answer)
                # Who is to cancel is told so at once, each time.
                pause = HEARTBEAT_SECONDS if answer.cancel else _PAUSE_SECONDS
            if self._stopped.wait(pause):
                return

    def _heed(self, answer: HeartbeatAnswer) -> None:
        if self._stopped.is_set():
            return
        if answer.cancel or answer.status is RunStatus.CANCELED:
            self._on_cancel()
        elif answer.status in (RunStatus.NOT_RESPONDING, RunStatus.FAILED):
            self._on_lost()
