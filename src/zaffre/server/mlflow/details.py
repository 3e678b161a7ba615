"""What MLflow's run holds beside our entity: where its files are, its latest points, what it read and made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from zaffre.core.entities import Run, RunLinks
from zaffre.server.store import experiments, links, metrics, runs
from zaffre.server.store.metrics import Latest


@dataclass(frozen=True, slots=True)
class Details:
    run: Run
    artifact_location: str  # of its experiment
    latest: list[Latest]
    links: RunLinks


def of_new(run: Run, artifact_location: str) -> Details:
    """The details of a run that was just made: nothing was logged to it yet."""
    return Details(run, artifact_location, [], RunLinks())


def load(connection: Connection, ws: str, found: Sequence[Run]) -> list[Details]:
    """The details of each run of a workspace, in the same order."""
    pks = {run_id: pk for pk, run_id in runs.keys_of(connection, ws, [run.id for run in found]).items()}
    latest = metrics.latest(connection, list(pks.values()))
    linked = links.load(connection, list(pks.values()))
    locations = {
        experiment_id: experiments.get(connection, ws, experiment_id).artifact_location
        for experiment_id in {run.experiment_id for run in found}
    }
    return [
        Details(run, locations[run.experiment_id], latest[pks[run.id]], linked[pks[run.id]])
        for run in found
        if run.id in pks
    ]
