"""``zaffre run show``."""

from __future__ import annotations

from zaffre.cli.formats import duration, moment, pairs
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import Run
from zaffre.sdk.scope import Scope

FIELDS = (
    ("id", lambda run: run.id),
    ("name", lambda run: run.display_name),
    ("experiment", lambda run: run.experiment_name),
    ("status", lambda run: run.status.value),
    ("waiting for", lambda run: run.waiting_for),
    ("error", lambda run: run.error.message if run.error else ""),
    ("target", lambda run: run.target),
    ("type", lambda run: run.type),
    ("parent", lambda run: run.parent_id),
    ("created", lambda run: moment(run.created_at)),
    ("started", lambda run: moment(run.start_time)),
    ("ended", lambda run: moment(run.end_time)),
    ("duration", lambda run: duration(run.start_time, run.end_time)),
    ("metrics", lambda run: pairs({name: f"{value:g}" for name, value in run.metrics.items()})),
    ("parameters", lambda run: pairs(run.params)),
    ("tags", lambda run: pairs(run.tags)),
    ("snapshot", lambda run: run.snapshot_id),
)


def get_run(scope: Scope, run_id: str) -> Run:
    return scope.client.get(scope.path("runs", run_id), Run)


def show_run(run_id: str, /, *, session: Session = SESSION) -> Details:
    """Show one run with its newest metrics.

    Parameters
    ----------
    run_id
        Its id.
    """
    return Details(get_run(session.scope(), run_id), FIELDS)
