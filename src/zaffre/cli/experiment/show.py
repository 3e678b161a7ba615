"""``zaffre experiment show``."""

from __future__ import annotations

from zaffre.cli.formats import moment, pairs
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import Experiment

FIELDS = (
    ("name", lambda experiment: experiment.name),
    ("id", lambda experiment: experiment.id),
    ("workspace", lambda experiment: experiment.workspace),
    ("tags", lambda experiment: pairs(experiment.tags)),
    ("created", lambda experiment: moment(experiment.created_at)),
    ("updated", lambda experiment: moment(experiment.updated_at)),
    ("archived", lambda experiment: moment(experiment.archived_at)),
)


def show_experiment(name: str, /, *, session: Session = SESSION) -> Details:
    """Show one experiment.

    Parameters
    ----------
    name
        Its name.
    """
    scope = session.scope()
    return Details(scope.client.get(scope.path("experiments", name), Experiment), FIELDS)
