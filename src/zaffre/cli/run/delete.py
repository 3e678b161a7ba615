"""``zaffre run delete``."""

from __future__ import annotations

from zaffre.cli.confirm import Yes, confirm_delete
from zaffre.cli.results import Done
from zaffre.cli.run.show import get_run
from zaffre.cli.session import SESSION, Session


def delete_run(run_id: str, /, *, yes: Yes = False, session: Session = SESSION) -> Done:
    """Delete a run.

    Parameters
    ----------
    run_id
        Its id.
    yes
        Do not ask.
    """
    scope = session.scope()
    run = get_run(scope, run_id)
    confirm_delete(f"the run {run.id} of experiment {run.experiment_name}", yes)
    scope.client.delete(scope.path("runs", run_id))
    return Done(f"Deleted the run {run_id}.", {"deleted": run_id})
