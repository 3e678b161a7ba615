"""``zaffre compute delete``."""

from __future__ import annotations

from zaffre.cli.confirm import Yes, confirm_delete
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import ComputeTarget


def delete_compute(name: str, /, *, yes: Yes = False, session: Session = SESSION) -> Done:
    """Delete a compute target.

    Parameters
    ----------
    name
        Its name.
    yes
        Do not ask.
    """
    scope = session.scope()
    scope.client.get(scope.path("computes", name), ComputeTarget)
    confirm_delete(f"the compute target {name}", yes)
    scope.client.delete(scope.path("computes", name))
    return Done(f"Deleted the compute target {name}.", {"deleted": name})
