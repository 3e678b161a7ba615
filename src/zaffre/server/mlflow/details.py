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


def load(connection: Connection, pks: Sequence[int]) -> list[Details]:
    """The details of the runs with these row numbers, in the same order."""
    latest = metrics.latest(connection, pks)
    linked = links.load(connection, pks)
    found = runs.load(connection, pks, latest)
    places = {run.experiment_id for run in found}
    locations = {place: experiments.location(connection, place) for place in places}
    return [
        Details(run, locations[run.experiment_id], latest[pk], linked[pk]) for pk, run in zip(pks, found, strict=True)
    ]
