"""``zaffre experiment delete``."""

from __future__ import annotations

from zaffre.cli.confirm import Yes, confirm_delete
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import Experiment


def delete_experiment(name: str, /, *, yes: Yes = False, session: Session = SESSION) -> Done:
    """Delete an experiment that has no runs.

    Parameters
    ----------
    name
        Its name.
    yes
        Do not ask.
    """
    scope = session.scope()
    scope.client.get(scope.path("experiments", name), Experiment)
    confirm_delete(f"the experiment {name}", yes)
    scope.client.delete(scope.path("experiments", name))
    return Done(f"Deleted the experiment {name}.", {"deleted": name})
