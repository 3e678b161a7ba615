"""The character NUL is refused with one sentence, whichever the database."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from zaffre.core.entities import Experiment, Run
from zaffre.core.errors import InvalidValue
from zaffre.core.wire import RunCreate
from zaffre.server.notifier import Notifier
from zaffre.server.store import schema
from zaffre.server.store.engine import Store
from zaffre.server.store.texts import NUL
from zaffre.server.tracking.tracking import Tracking


@pytest.fixture
def tracking(store: Store) -> Tracking:
    return Tracking(store, Notifier())


@pytest.fixture
def run(tracking: Tracking) -> Run:
    experiment: Experiment = tracking.create_experiment("default", "texts")
    return tracking.create_run("default", experiment.id, RunCreate(id="run"))


def test_a_text_with_nul_is_refused_and_undoes_its_write_alone(store: Store, tracking: Tracking, run: Run) -> None:
    with pytest.raises(InvalidValue) as refused:
        tracking.log_batch("default", run.id, params={"a": "x", "b": "y\0"})
    assert refused.value.message == NUL
    with pytest.raises(InvalidValue) as refused:
        tracking.log_batch("default", run.id, tags={"t\0": "y"})
    assert refused.value.message == NUL
    with pytest.raises(InvalidValue) as refused:
        tracking.log("default", run.id, [("m\0", [0], [0], [1.0])])
    assert refused.value.message == NUL
    with pytest.raises(InvalidValue) as refused:
        tracking.create_experiment("default", "a\0b")
    assert refused.value.message == NUL
    found = tracking.get_run("default", run.id)
    assert (found.params, found.tags, found.metrics) == ({}, {}, {})
    assert store.read(lambda connection: connection.execute(select(schema.params)).all()) == []


def test_a_look_up_with_nul_is_refused(tracking: Tracking) -> None:
    with pytest.raises(InvalidValue) as refused:
        tracking.get_run("default", "r\0")
    assert refused.value.message == NUL


def test_many_rows_at_once_are_looked_at_each(tracking: Tracking, run: Run) -> None:
    with pytest.raises(InvalidValue):
        tracking.log_batch("default", run.id, params={f"p{i}": "\0" if i == 40 else "x" for i in range(50)})
    assert tracking.get_run("default", run.id).params == {}
