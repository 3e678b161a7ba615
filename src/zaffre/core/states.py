"""The states of runs and services, and the table of transitions that the one changing function checks."""

from __future__ import annotations

import enum

from zaffre.core.errors import StateConflict


class RunStatus(str, enum.Enum):
    """Azure's names of a run's states (facts: Run status)."""

    NOT_STARTED = "NotStarted"
    QUEUED = "Queued"
    STARTING = "Starting"
    PROVISIONING = "Provisioning"
    PREPARING = "Preparing"
    RUNNING = "Running"
    CANCEL_REQUESTED = "CancelRequested"
    FINALIZING = "Finalizing"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"
    NOT_RESPONDING = "NotResponding"
    UNAPPROVED = "Unapproved"
    PAUSING = "Pausing"
    PAUSED = "Paused"


RUN_TERMINAL = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED})

# What an MLflow client is told; the MLflow door and the search grammar agree on it here.
MLFLOW_STATUS: dict[RunStatus, str] = {
    RunStatus.NOT_STARTED: "SCHEDULED",
    RunStatus.QUEUED: "SCHEDULED",
    RunStatus.STARTING: "SCHEDULED",
    RunStatus.PROVISIONING: "SCHEDULED",
    RunStatus.PREPARING: "SCHEDULED",
    RunStatus.RUNNING: "RUNNING",
    RunStatus.CANCEL_REQUESTED: "KILLED",
    RunStatus.FINALIZING: "RUNNING",
    RunStatus.COMPLETED: "FINISHED",
    RunStatus.FAILED: "FAILED",
    RunStatus.CANCELED: "KILLED",
    RunStatus.NOT_RESPONDING: "RUNNING",
    RunStatus.UNAPPROVED: "SCHEDULED",
    RunStatus.PAUSING: "RUNNING",
    RunStatus.PAUSED: "SCHEDULED",
}

_FORWARD = (
    RunStatus.NOT_STARTED,
    RunStatus.QUEUED,
    RunStatus.STARTING,
    RunStatus.PROVISIONING,
    RunStatus.PREPARING,
    RunStatus.RUNNING,
    RunStatus.FINALIZING,
)


def _run_table() -> dict[RunStatus, frozenset[RunStatus]]:
    # A run only moves forward through _FORWARD, may skip states, and may end from each of them.
    table: dict[RunStatus, frozenset[RunStatus]] = {}
    for i, state in enumerate(_FORWARD):
        table[state] = (
            frozenset(_FORWARD[i + 1 :])
            | RUN_TERMINAL
            | {
                RunStatus.CANCEL_REQUESTED,
                RunStatus.NOT_RESPONDING,
            }
        )
    # Queued after Starting or Preparing is Azure's own order: the environment is made before a node is free.
    for state in (RunStatus.STARTING, RunStatus.PROVISIONING, RunStatus.PREPARING):
        table[state] |= {RunStatus.QUEUED}
    table[RunStatus.CANCEL_REQUESTED] = RUN_TERMINAL | {RunStatus.FINALIZING}
    # A run that was thought lost may come back: its runner went on while the server was away.
    table[RunStatus.NOT_RESPONDING] = frozenset(_FORWARD) | RUN_TERMINAL | {RunStatus.CANCEL_REQUESTED}
    for state in (RunStatus.UNAPPROVED, RunStatus.PAUSING, RunStatus.PAUSED):
        table[state] = frozenset(_FORWARD) | RUN_TERMINAL | {RunStatus.CANCEL_REQUESTED, RunStatus.PAUSED}
    for state in RUN_TERMINAL:
        table[state] = frozenset()
    # MLflow clients resume a finished run with start_run(run_id=...): the run is Running again.
    table[RunStatus.COMPLETED] = frozenset({RunStatus.RUNNING})
    table[RunStatus.FAILED] = frozenset({RunStatus.RUNNING})
    table[RunStatus.CANCELED] = frozenset({RunStatus.RUNNING})
    return table


RUN_TRANSITIONS = _run_table()


def check_run_transition(run_id: str, current: RunStatus, new: RunStatus) -> None:
    """Raise ``StateConflict`` unless a run may go from ``current`` to ``new`` (staying is always allowed)."""
    if current is not new and new not in RUN_TRANSITIONS[current]:
        raise StateConflict(
            f"Run {run_id} is {current.value} and cannot become {new.value}.",
            run_id=run_id,
            current=current.value,
            requested=new.value,
        )


class ServiceState(str, enum.Enum):
    """States of a web service. The first five are Azure's local names, the others those of managed targets."""

    DEPLOYING = "deploying"
    RUNNING = "running"
    FAILED = "failed"
    DELETED = "deleted"
    UNKNOWN = "unknown"
    TRANSITIONING = "Transitioning"
    HEALTHY = "Healthy"
    UNHEALTHY = "Unhealthy"
    UNSCHEDULABLE = "Unschedulable"


SERVICE_TRANSITIONS: dict[ServiceState, frozenset[ServiceState]] = {
    ServiceState.DEPLOYING: frozenset(
        {ServiceState.RUNNING, ServiceState.FAILED, ServiceState.DELETED, ServiceState.UNKNOWN}
    ),
    ServiceState.RUNNING: frozenset(
        {ServiceState.DEPLOYING, ServiceState.FAILED, ServiceState.DELETED, ServiceState.UNKNOWN}
    ),
    ServiceState.FAILED: frozenset({ServiceState.DEPLOYING, ServiceState.RUNNING, ServiceState.DELETED}),
    ServiceState.UNKNOWN: frozenset(
        {ServiceState.DEPLOYING, ServiceState.RUNNING, ServiceState.FAILED, ServiceState.DELETED}
    ),
    ServiceState.DELETED: frozenset(),
}


def check_service_transition(name: str, current: ServiceState, new: ServiceState) -> None:
    """Raise ``StateConflict`` unless a service may go from ``current`` to ``new`` (staying is always allowed)."""
    if current is not new and new not in SERVICE_TRANSITIONS.get(current, frozenset()):
        raise StateConflict(
            f"Service {name} is {current.value} and cannot become {new.value}.",
            service=name,
            current=current.value,
            requested=new.value,
        )
