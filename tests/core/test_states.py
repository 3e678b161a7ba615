"""Runs and services move only along their tables."""

from __future__ import annotations

import itertools

import pytest

from zaffre.core.errors import StateConflict
from zaffre.core.states import (
    RUN_TERMINAL,
    RUN_TRANSITIONS,
    RunStatus,
    ServiceState,
    check_run_transition,
    check_service_transition,
)


def test_every_run_status_has_a_row() -> None:
    assert set(RUN_TRANSITIONS) == set(RunStatus)


def test_the_usual_life_of_a_run_is_allowed() -> None:
    life = ["NotStarted", "Queued", "Starting", "Preparing", "Running", "Finalizing", "Completed"]
    for current, new in itertools.pairwise(life):
        check_run_transition("r", RunStatus(current), RunStatus(new))


@pytest.mark.parametrize("status", [s for s in RunStatus if s not in RUN_TERMINAL])
def test_every_live_run_can_fail(status: RunStatus) -> None:
    check_run_transition("r", status, RunStatus.FAILED)


def test_a_completed_run_cannot_be_canceled() -> None:
    with pytest.raises(StateConflict, match="Run r is Completed and cannot become Canceled"):
        check_run_transition("r", RunStatus.COMPLETED, RunStatus.CANCELED)


def test_a_canceled_request_does_not_become_running_again() -> None:
    with pytest.raises(StateConflict):
        check_run_transition("r", RunStatus.CANCEL_REQUESTED, RunStatus.RUNNING)


def test_a_deleted_service_stays_deleted() -> None:
    with pytest.raises(StateConflict, match="Service s is deleted"):
        check_service_transition("s", ServiceState.DELETED, ServiceState.RUNNING)
