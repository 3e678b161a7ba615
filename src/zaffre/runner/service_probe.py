"""Asks one serving process over and over whether it lives, as its service's settings want it."""

from __future__ import annotations

import threading
import time
from typing import Final

from zaffre.core.liveness import LivenessProbe
from zaffre.runner.service_process import ServingProcess

_LOOK_SECONDS: Final = 0.5  # how soon the end of the process is noticed


class Probe:
    """A thread that ends with the process, or when it has failed."""

    def __init__(self, wanted: LivenessProbe, process: ServingProcess) -> None:
        self._wanted = wanted
        self._process = process
        self._count = Count(wanted)
        threading.Thread(target=self._run, name="probe", daemon=True).start()

    def __str__(self) -> str:
        times, seconds = self._wanted.failure_threshold, self._wanted.timeout_seconds
        return f"{times} liveness probe{'s' * (times != 1)} within {seconds} s"

    @property
    def has_failed(self) -> bool:
        return self._count.has_failed

    def _run(self) -> None:
        wait = float(self._wanted.initial_delay_seconds)
        while not self.has_failed and self._lives_on(wait):
            self._count.add(self._process.lives(self._wanted.timeout_seconds))
            wait = float(self._wanted.period_seconds)

    def _lives_on(self, seconds: float) -> bool:
        """Wait so long; False as soon as the process has ended."""
        deadline = time.monotonic() + seconds
        while self._process.exit_code is None:
            left = deadline - time.monotonic()
            if left <= 0:
                return True
            time.sleep(min(left, _LOOK_SECONDS))
        return False


class Count:
    """What the answers so far come to."""

    def __init__(self, wanted: LivenessProbe) -> None:
        self._wanted = wanted
        self._answered = 0  # in a row
        self._missed = 0  # since enough were answered in a row

    @property
    def has_failed(self) -> bool:
        return self._missed >= self._wanted.failure_threshold

    def add(self, is_answered: bool) -> None:
        self._answered = self._answered + 1 if is_answered else 0
        if not is_answered:
            self._missed += 1
        elif self._answered >= self._wanted.success_threshold:
            self._missed = 0
