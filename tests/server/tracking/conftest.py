"""Fixtures of the acts' tests: the acts over a real database, of every kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from zaffre.core.entities import Experiment
from zaffre.server.notifier import Notifier
from zaffre.server.store import workspaces
from zaffre.server.store.engine import Store
from zaffre.server.tracking.tracking import Tracking


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """An open store with the workspaces "default" and "other"."""
    with Store.open(database) as opened:
        for name in ("default", "other"):
            opened.write(lambda connection, name=name: workspaces.create(connection, name))  # type: ignore[misc]
        yield opened


@pytest.fixture
def notifier() -> Notifier:
    return Notifier()


@pytest.fixture
def tracking(store: Store, notifier: Notifier) -> Tracking:
    return Tracking(store, notifier)


@pytest.fixture
def experiment(tracking: Tracking) -> Experiment:
    return tracking.create_experiment("default", "churn")
