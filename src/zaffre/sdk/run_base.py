"""What every part of ``Run`` stands on: its id, its routes, its state on the server."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from zaffre.core import entities, wire
from zaffre.sdk.discovery import home
from zaffre.sdk.metric_logger import MetricLogger
from zaffre.sdk.scope import Scope
from zaffre.sdk.spool import FOLDER

if TYPE_CHECKING:
    from zaffre.sdk.experiment import Experiment


class RunBase:
    """A handle of a run; nothing of its state is kept here that the server may change."""

    def __init__(self, experiment: Experiment, run_id: str, *, fresh: bool) -> None:
        self._experiment = experiment
        self._id = run_id
        self._scope: Scope = experiment._scope
        self._fresh = fresh  # this process made the run, so it has no metrics yet

    @functools.cached_property
    def _logger(self) -> MetricLogger:
        """The run's metric logger, made when first needed: lists hold many runs that nobody logs to."""
        logger = self._scope.loggers.get(self._id)
        if logger is None:
            logger = MetricLogger(self._scope, self._id, spool_folder, fresh=self._fresh)
            self._scope.loggers[self._id] = logger
        return logger

    @property
    def id(self) -> str:
        return self._id

    @property
    def experiment(self) -> Experiment:
        return self._experiment

    def _route(self, *segments: str, file: str | None = None) -> str:
        return self._scope.path("runs", self._id, *segments, file=file)

    def _fetch(self) -> entities.Run:
        return self._scope.client.get(self._route(), entities.Run)

    def _patch(self, patch: wire.RunPatch) -> entities.Run:
        return self._scope.client.patch(self._route(), entities.Run, patch)


def spool_folder() -> Path:
    """Where values wait for a server that is away."""
    return home() / FOLDER
