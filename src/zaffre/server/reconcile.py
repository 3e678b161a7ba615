"""The loop that brings what is up to what is wanted: queues, heartbeats of runs and of services, what is left over."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from zaffre.core.errors import ServerUnavailable

_log = logging.getLogger("zaffre.server.reconcile")


class Reconciler:
    """Calls its steps in turn, every ``period`` seconds, in a thread of its own. A step that fails is tried again."""

    def __init__(self, steps: Sequence[Callable[[], None]], *, period: float) -> None:
        self._steps = steps
        self._period = period
        self._stopped = threading.Event()
        self._said = ""
        self._thread = threading.Thread(target=self._work, name="zaffre-reconcile", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return once the round that is under way is over. Without ``start`` it does nothing."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._stopped.wait(self._period):
            try:
                self._round()
                self._said = ""
            except ServerUnavailable as error:  # the database is away, and every step needs it
                if error.message != self._said:
                    _log.warning("Nothing is reconciled: %s", error.message)
                self._said = error.message

    def _round(self) -> None:
        for step in self._steps:
            if self._stopped.is_set():
                return
            try:
                step()
            except ServerUnavailable:
                raise
            except Exception:
                _log.exception("A step of reconciling failed; it is tried again in %g seconds", self._period)
