"""The named steps of one deployment, with their times, told while they happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from zaffre.core.entities import DeploymentStep
from zaffre.core.ids import now_ms

SNAPSHOT = "snapshot"
MODELS = "models"
ENVIRONMENT = "environment"
IMAGE = "image"  # instead, where it serves in a container
ENTRY_SCRIPT = "entry script"
START = "start"
READY = "ready"


class Step:
    """What a step says about itself; set ``detail`` before it ends."""

    detail = ""


class Steps:
    """``with steps.step(MODELS) as step: ...``; ``changed`` hears each beginning and end with all steps so far."""

    def __init__(self, changed: Callable[[list[DeploymentStep]], None]) -> None:
        self._changed = changed
        self._steps: list[DeploymentStep] = []

    @property
    def current(self) -> str:
        """The step that runs, or ran last."""
        return self._steps[-1].name if self._steps else ""

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        self._steps.append(DeploymentStep(name=name, started_at=now_ms()))
        self._changed(list(self._steps))
        step = Step()
        try:
            yield step
        finally:
            self._steps[-1] = replace(self._steps[-1], ended_at=now_ms(), detail=step.detail)
            self._changed(list(self._steps))
