"""The one place where a run's status changes: the table is checked, the event written, the times set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from zaffre.core.states import RUN_TERMINAL, RunStatus, check_run_transition
from zaffre.server.store import runs
from zaffre.server.store.runs import RunKey


def change_status(
    connection: Connection,
    run: RunKey,
    status: RunStatus,
    *,
    now: int,
    reason: str = "",
    also: Mapping[str, Any] | None = None,
) -> bool:
    """Move a run to ``status``; False if it is there already. Raises ``StateConflict`` where the table forbids it.

    Running sets the start time if there is none; an end sets the end time, and what the run waited for is over. A run
    that runs again (MLflow resumes finished ones) has no end and no error any more. ``also``: columns that are set in
    any case, in the same statement; they win.
    """
    check_run_transition(run.id, run.status, status)
    if run.status is status:
        if also:
            runs.change(connection, [run.pk], **also)
        return False
    values: dict[str, Any] = {"status": status.value}
    if status is RunStatus.RUNNING:
        values |= {"end_time": None, "error": None, "waiting_for": None}
        if run.start_time is None:
            values["start_time"] = now
    if status in RUN_TERMINAL:
        values |= {"end_time": now, "waiting_for": None, "lease_token": None, "lease_until": None}
    runs.change(connection, [run.pk], **{**values, **(also or {})})
    runs.add_event(connection, run.pk, now, status, reason)
    return True
