"""``zaffre experiment list``."""

from __future__ import annotations

from typing import Literal

from zaffre.cli.formats import moment, pairs
from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import Experiment

COLUMNS = (
    ("name", lambda experiment: experiment.name),
    ("id", lambda experiment: experiment.id),
    ("updated", lambda experiment: moment(experiment.updated_at)),
    ("archived", lambda experiment: moment(experiment.archived_at)),
    ("tags", lambda experiment: pairs(experiment.tags)),
)


def list_experiments(
    *, view: Literal["active", "archived", "all"] = "active", tag: str | None = None, session: Session = SESSION
) -> Listing:
    """List the experiments of a workspace.

    Parameters
    ----------
    view
        Those in use, the archived ones, or all.
    tag
        Only those with this tag: key, or key=value.
    """
    scope = session.scope()
    found = scope.client.items(scope.path("experiments"), Experiment, view=view, tag=tag)
    return Listing(list(found), COLUMNS, f"The workspace {scope.workspace} has no such experiment.")
