"""``zaffre run cancel``."""

from __future__ import annotations

from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import Run


def cancel_run(run_id: str, /, *, session: Session = SESSION) -> Done:
    """Stop a run with all its processes.

    Parameters
    ----------
    run_id
        Its id.
    """
    scope = session.scope()
    run = scope.client.post(scope.path("runs", run_id, "cancel"), Run, idempotent=True)
    return Done(f"Run {run_id} is {run.status.value}.", {"id": run_id, "status": run.status.value})
