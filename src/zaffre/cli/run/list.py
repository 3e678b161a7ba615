"""``zaffre run list``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from zaffre.cli.formats import duration, moment
from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import Run

COLUMNS = (
    ("id", lambda run: run.id),
    ("name", lambda run: run.display_name),
    ("experiment", lambda run: run.experiment_name),
    ("status", lambda run: run.status.value),
    ("target", lambda run: run.target),
    ("created", lambda run: moment(run.created_at)),
    ("duration", lambda run: duration(run.start_time, run.end_time)),
)


def list_runs(
    *,
    experiment: str | None = None,
    status: str | None = None,
    tag: str | None = None,
    filter: str | None = None,
    limit: Annotated[int, Parameter(name=("--limit", "-n"))] = 20,
    session: Session = SESSION,
) -> Listing:
    """List runs, the newest first.

    Parameters
    ----------
    experiment
        Only those of this experiment.
    status
        Only those in this state, such as Running or Failed.
    tag
        Only those with this tag: key, or key=value.
    filter
        A search such as "metrics.loss < 0.1 and params.epochs = '5'".
    limit
        How many at most.
    """
    scope = session.scope()
    found = scope.client.items(
        scope.path("runs"), Run, at_most=limit, experiment=experiment, status=status, tag=tag, filter=filter
    )
    return Listing(list(found), COLUMNS, f"The workspace {scope.workspace} has no such run.")
