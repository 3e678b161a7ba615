"""What MLflow's run holds beside our outline of it: where its files are, what it read and made."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection

from zaffre.core.entities import RunLinks
from zaffre.server.store import experiments, links, run_outlines
from zaffre.server.store.run_outlines import Outline


class Details(Struct):
    run: Outline
    artifact_location: str  # of its experiment
    links: RunLinks | None  # None: it read and made nothing


def load(connection: Connection, pks: Sequence[int]) -> list[Details]:
    """The details of the runs with these row numbers, in the same order."""
    linked = links.load(connection, pks)
    found = run_outlines.load(connection, pks)
    locations = {place: experiments.location(connection, place) for place in {run.experiment_id for run in found}}
    return [Details(run, locations[run.experiment_id], linked.get(pk)) for pk, run in zip(pks, found, strict=True)]
