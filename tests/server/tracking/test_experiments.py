"""Experiments: made, found, changed, archived, deleted."""

from __future__ import annotations

import pytest

from zaffre.core.entities import Experiment
from zaffre.core.errors import (
    AlreadyExists,
    InvalidName,
    InvalidValue,
    NotFound,
    StateConflict,
    WorkspaceNotFound,
)
from zaffre.core.filters import EXPERIMENTS, parse_filter, parse_order_by
from zaffre.core.wire import RunCreate
from zaffre.server.store.experiments import ExperimentQuery
from zaffre.server.tracking.tracking import Tracking


def names(tracking: Tracking, query: ExperimentQuery) -> list[str]:
    return [found.name for found in tracking.search_experiments("default", query).items]


def test_the_default_workspace_has_experiment_0(tracking: Tracking) -> None:
    found = tracking.get_experiment("default", 0)
    assert (found.name, found.artifact_location) == ("Default", "mlflow-artifacts:/0")
    with pytest.raises(NotFound):
        tracking.get_experiment("other", 0)


def test_a_new_experiment_is_found_by_id_and_by_name(tracking: Tracking) -> None:
    made = tracking.create_experiment("default", "churn", tags={"team": "blue"})
    assert made.id == 1
    assert made.artifact_location == "mlflow-artifacts:/1"
    assert made.tags == {"team": "blue"}
    assert tracking.get_experiment("default", made.id) == made
    assert tracking.get_experiment_by_name("default", "churn") == made
    assert tracking.create_experiment("default", "own", artifact_location="s3://b/x").artifact_location == "s3://b/x"


def test_names_are_unique_per_workspace_also_against_archived_ones(tracking: Tracking, experiment: Experiment) -> None:
    with pytest.raises(AlreadyExists, match="'churn' already exists"):
        tracking.create_experiment("default", "churn")
    assert tracking.create_experiment("default", "churn", exist_ok=True) == experiment
    assert tracking.create_experiment("other", "churn").id != experiment.id
    tracking.update_experiment("default", experiment.id, archived=True)
    with pytest.raises(AlreadyExists, match="archived: restore it"):
        tracking.create_experiment("default", "churn")


@pytest.mark.parametrize("name", ["", "  ", "x" * 501])
def test_a_name_has_1_to_500_characters(tracking: Tracking, name: str) -> None:
    with pytest.raises(InvalidName, match="1 to 500 characters"):
        tracking.create_experiment("default", name)


def test_what_does_not_exist_is_a_sentence(tracking: Tracking) -> None:
    with pytest.raises(NotFound, match="id=99"):
        tracking.get_experiment("default", 99)
    with pytest.raises(NotFound, match="'nope'"):
        tracking.get_experiment_by_name("default", "nope")
    with pytest.raises(WorkspaceNotFound, match="'nowhere'"):
        tracking.create_experiment("nowhere", "churn")


def test_tags_and_name_change_together_or_not_at_all(tracking: Tracking, experiment: Experiment) -> None:
    changed = tracking.update_experiment("default", experiment.id, name="loss", tags={"a": "1", "b": "2"})
    assert (changed.name, changed.tags) == ("loss", {"a": "1", "b": "2"})
    changed = tracking.update_experiment("default", experiment.id, tags={"a": "3"}, remove_tags=["b", "missing"])
    assert changed.tags == {"a": "3"}
    tracking.create_experiment("default", "taken")
    with pytest.raises(AlreadyExists, match="'taken'"):
        tracking.update_experiment("default", experiment.id, name="taken", tags={"a": "4"})
    assert tracking.get_experiment("default", experiment.id).tags == {"a": "3"}


def test_an_archived_experiment_is_not_renamed_and_takes_no_runs(tracking: Tracking, experiment: Experiment) -> None:
    tracking.update_experiment("default", experiment.id, archived=True)
    with pytest.raises(StateConflict, match="cannot be renamed"):
        tracking.update_experiment("default", experiment.id, name="other name")
    with pytest.raises(StateConflict, match="must be in the 'active' state"):
        tracking.create_run("default", experiment.id, RunCreate())


def test_archiving_takes_its_active_runs_along_and_restoring_brings_only_those_back(
    tracking: Tracking, experiment: Experiment
) -> None:
    active = tracking.create_run("default", experiment.id, RunCreate())
    deleted = tracking.create_run("default", experiment.id, RunCreate())
    tracking.delete_run("default", deleted.id)
    archived = tracking.update_experiment("default", experiment.id, archived=True)
    assert archived.archived_at is not None
    assert tracking.get_run("default", active.id).archived_at is not None
    assert tracking.update_experiment("default", experiment.id, archived=False).archived_at is None
    assert tracking.get_run("default", active.id).archived_at is None
    assert tracking.get_run("default", deleted.id).archived_at is not None


def test_deleting_for_good_answers_the_runs_and_leaves_nothing(tracking: Tracking, experiment: Experiment) -> None:
    run = tracking.create_run("default", experiment.id, RunCreate())
    tracking.log_batch("default", run.id, [("loss", 0.5, 0, 0)], {"lr": "1"}, {"a": "b"})
    assert tracking.delete_experiment("default", experiment.id) == [run.id]
    with pytest.raises(NotFound):
        tracking.get_experiment("default", experiment.id)
    with pytest.raises(NotFound):
        tracking.get_run("default", run.id)
    assert tracking.create_experiment("default", "churn").id == experiment.id + 1  # ids are not used again


def test_searches_see_one_workspace_the_newest_first(tracking: Tracking) -> None:
    for name in ("a", "b", "c"):
        tracking.create_experiment("default", name)
    tracking.create_experiment("other", "elsewhere")
    tracking.update_experiment("default", tracking.get_experiment_by_name("default", "b").id, archived=True)
    order = parse_order_by(["experiment_id DESC"], EXPERIMENTS)
    assert names(tracking, ExperimentQuery(order=order)) == ["c", "a", "Default"]
    assert names(tracking, ExperimentQuery(order=order, view="archived")) == ["b"]
    assert names(tracking, ExperimentQuery(order=order, view="all")) == ["c", "b", "a", "Default"]
    assert set(names(tracking, ExperimentQuery())) == {"c", "a", "Default"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = 'alpha'", {"alpha"}),
        ("name != 'alpha'", {"Alphabet", "beta", "Default"}),
        ("name LIKE 'alpha%'", {"alpha"}),
        ("name ILIKE 'alpha%'", {"alpha", "Alphabet"}),
        ("tags.team = 'blue'", {"alpha"}),
        ("tags.team IS NULL", {"Alphabet", "Default"}),
        ("tags.team IS NOT NULL AND name LIKE 'b%'", {"beta"}),
        ("experiment_id IN ('0', '1')", {"Default", "alpha"}),
        ("experiment_id != '0'", {"alpha", "Alphabet", "beta"}),
        ("experiment_id = 'x'", set()),
        ("creation_time > 0 AND last_update_time < 1", set()),
    ],
)
def test_filters(tracking: Tracking, text: str, expected: set[str]) -> None:
    tracking.create_experiment("default", "alpha", tags={"team": "blue"})
    tracking.create_experiment("default", "Alphabet")
    tracking.create_experiment("default", "beta", tags={"team": "red"})
    assert set(names(tracking, ExperimentQuery(filter=parse_filter(text, EXPERIMENTS)))) == expected


def test_tags_as_the_sdk_asks_for_them(tracking: Tracking) -> None:
    tracking.create_experiment("default", "alpha", tags={"team": "blue"})
    tracking.create_experiment("default", "beta", tags={"team": "red"})
    assert set(names(tracking, ExperimentQuery(tags={"team": None}))) == {"alpha", "beta"}
    assert names(tracking, ExperimentQuery(tags={"team": "red"})) == ["beta"]


def test_pages_join_up_although_experiments_come_meanwhile(tracking: Tracking) -> None:
    for i in range(9):
        tracking.create_experiment("default", f"e{i}")
    query = ExperimentQuery(order=parse_order_by(["name"], EXPERIMENTS))
    seen: list[str] = []
    after: str | None = None
    while True:
        page = tracking.search_experiments("default", query, limit=4, after=after)
        seen += [found.name for found in page.items]
        tracking.create_experiment("default", f"a{len(seen)}")  # before what is still to come
        after = page.next
        if after is None:
            break
    assert seen == ["Default", *(f"e{i}" for i in range(9))]


@pytest.mark.parametrize("token", ["?", "bm90IGpzb24=", "WzEsMiwzLDRd", "eyJhIjoxfQ=="])
def test_a_token_that_no_page_gave_is_refused(tracking: Tracking, token: str) -> None:
    with pytest.raises(InvalidValue, match="Invalid page token"):
        tracking.search_experiments("default", ExperimentQuery(), after=token)
