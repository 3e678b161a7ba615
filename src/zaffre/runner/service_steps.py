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
IMPORT = "import"  # of the entry script
INIT = "init"
SAMPLE = "sample"  # run() on the sample of the script
START = "start"
READY = "ready"
ROLL_BACK = "roll-back"


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

    def begin(self, name: str, detail: str = "") -> None:
        """A step that ``end`` ends, or nothing."""
        self._steps.append(DeploymentStep(name=name, started_at=now_ms(), detail=detail))
        self._changed(list(self._steps))

    def end(self, detail: str) -> None:
        self._steps[-1] = replace(self._steps[-1], ended_at=now_ms(), detail=detail)
        self._changed(list(self._steps))

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        self.begin(name)
        step = Step()
        try:
            yield step
        finally:
            self.end(step.detail)
