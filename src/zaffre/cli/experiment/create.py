"""``zaffre experiment create``."""

from __future__ import annotations

from zaffre.cli.experiment.show import FIELDS
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import Experiment
from zaffre.core.names import check_experiment


def create_experiment(name: str, /, *, session: Session = SESSION) -> Details:
    """Create an experiment; one that is there already is shown.

    Parameters
    ----------
    name
        1 to 255 letters, digits, hyphens or underscores.
    """
    scope = session.scope()
    return Details(scope.client.put(scope.path("experiments", check_experiment(name)), Experiment), FIELDS)
