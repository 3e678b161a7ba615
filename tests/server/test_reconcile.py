"""The loop that goes on whatever happens to one of its steps."""

from __future__ import annotations

import logging
import threading

import pytest

from zaffre.core.errors import ServerUnavailable
from zaffre.server.reconcile import Reconciler


@pytest.mark.parametrize("error", [ServerUnavailable("The database does not answer."), ValueError("a fault")])
def test_a_step_that_fails_is_tried_again(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    calls: list[int] = []
    done = threading.Event()

    def step() -> None:
        calls.append(1)
        if len(calls) < 4:
            raise error
        done.set()

    reconciler = Reconciler((step,), period=0.01)
    reconciler.start()
    assert done.wait(60)
    reconciler.stop()
    said = [record.message for record in caplog.records]
    if isinstance(error, ServerUnavailable):
        assert said == ["Nothing is reconciled: The database does not answer."]  # once, however long it lasts
    else:
        assert len(said) == 3
