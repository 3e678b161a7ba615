"""Runs: made, changed, ended, canceled, deleted; their tags, properties, children and history."""

from __future__ import annotations

import pytest

from zaffre.core.entities import Experiment, Run, RunError, ScriptSpec
from zaffre.core.errors import AlreadyExists, InvalidName, InvalidValue, NotFound, StateConflict
from zaffre.core.states import RunStatus
from zaffre.core.wire import ChildrenCreate, RunCreate, RunPatch
from zaffre.server.store import runs as rows
from zaffre.server.store.engine import Store
from zaffre.server.tracking.tracking import Tracking


@pytest.fixture
def run(tracking: Tracking, experiment: Experiment) -> Run:
    return tracking.create_run("default", experiment.id, RunCreate())


def submitted(tracking: Tracking, experiment: Experiment, target: str) -> Run:
    given = RunCreate(spec=ScriptSpec(script="train.py", arguments=["--lr", "1"]), target=target)
    return tracking.create_run("default", experiment.id, given)


def patch(tracking: Tracking, run: Run, given: RunPatch) -> Run:
    return tracking.update_run("default", run.id, given)


def test_an_interactive_run_is_running_and_numbered(tracking: Tracking, experiment: Experiment) -> None:
    first = tracking.create_run("default", experiment.id, RunCreate(), created_by="ann")
    second = tracking.create_run("default", experiment.id, RunCreate())
    assert (first.number, second.number) == (1, 2)
    assert first.status is RunStatus.RUNNING
    assert first.start_time is not None
    assert first.end_time is None
    assert (first.experiment_name, first.workspace, first.created_by) == ("churn", "default", "ann")
    assert first.display_name
    assert first.display_name != second.display_name
    assert tracking.get_run("default", first.id) == first


def test_a_submitted_run_is_queued_keeps_its_spec_and_is_named_after_its_experiment(
    tracking: Tracking, experiment: Experiment
) -> None:
    run = submitted(tracking, experiment, "cluster")
    assert run.status is RunStatus.QUEUED
    assert run.start_time is None
    assert run.id.startswith("churn_")
    assert tracking.run_spec("default", run.id) == ScriptSpec(script="train.py", arguments=["--lr", "1"])


def test_an_interactive_run_has_no_spec(tracking: Tracking, run: Run) -> None:
    with pytest.raises(NotFound, match="was not submitted"):
        tracking.run_spec("default", run.id)


def test_all_that_is_given_is_kept(tracking: Tracking, experiment: Experiment, run: Run) -> None:
    given = RunCreate(
        id="mine",
        display_name="my run",
        description="why",
        type="azureml.scriptrun",
        status=RunStatus.NOT_STARTED,
        target="local",
        parent_id=run.id,
        snapshot_id="s1",
        tags={"a": "1"},
        properties={"p": "2"},
        start_time=17,
    )
    made = tracking.create_run("default", experiment.id, given)
    assert (made.id, made.display_name, made.description, made.type) == ("mine", "my run", "why", "azureml.scriptrun")
    assert (made.status, made.target, made.parent_id, made.root_id) == (
        RunStatus.NOT_STARTED,
        "local",
        run.id,
        run.id,
    )
    assert (made.snapshot_id, made.tags, made.properties, made.start_time) == ("s1", {"a": "1"}, {"p": "2"}, 17)


def test_ids_are_unique_per_workspace_and_well_formed(tracking: Tracking, experiment: Experiment) -> None:
    tracking.create_run("default", experiment.id, RunCreate(id="mine"))
    with pytest.raises(AlreadyExists, match="mine exists already"):
        tracking.create_run("default", experiment.id, RunCreate(id="mine"))
    elsewhere = tracking.create_experiment("other", "churn")
    assert tracking.create_run("other", elsewhere.id, RunCreate(id="mine")).workspace == "other"
    with pytest.raises(InvalidName, match="not a run id"):
        tracking.create_run("default", experiment.id, RunCreate(id="../up"))


def test_a_run_of_another_workspace_is_not_found(tracking: Tracking, run: Run) -> None:
    with pytest.raises(NotFound, match="not found in workspace 'other'"):
        tracking.get_run("other", run.id)
    with pytest.raises(NotFound):
        tracking.log_batch("other", run.id, [("loss", 1.0, 0, 0)])


def test_mlflow_names_a_run_by_its_tag(tracking: Tracking, experiment: Experiment) -> None:
    run = tracking.create_run("default", experiment.id, RunCreate(tags={"mlflow.runName": "calm", "a": "1"}))
    assert (run.display_name, run.tags) == ("calm", {"a": "1"})
    tracking.set_tags("default", run.id, {"mlflow.runName": "wild"})
    assert tracking.get_run("default", run.id).display_name == "wild"
    with pytest.raises(InvalidValue, match="given twice and differently"):
        tracking.create_run("default", experiment.id, RunCreate(display_name="x", tags={"mlflow.runName": "y"}))
    with pytest.raises(InvalidValue, match="1 to 256 characters"):
        tracking.set_tags("default", run.id, {"mlflow.runName": " "})


def test_mlflow_names_the_parent_by_its_tag(tracking: Tracking, experiment: Experiment, run: Run) -> None:
    child = tracking.create_run("default", experiment.id, RunCreate(tags={"mlflow.parentRunId": run.id}))
    assert (child.parent_id, child.root_id) == (run.id, run.id)
    lost = tracking.create_run("default", experiment.id, RunCreate(tags={"mlflow.parentRunId": "gone"}))
    assert (lost.parent_id, lost.tags) == (None, {"mlflow.parentRunId": "gone"})


def test_a_family_may_be_joined_later_but_never_in_a_circle(
    tracking: Tracking, experiment: Experiment, run: Run
) -> None:
    child = tracking.create_run("default", experiment.id, RunCreate(parent_id=run.id))
    grandchild = tracking.create_run("default", experiment.id, RunCreate(parent_id=child.id))
    assert grandchild.root_id == run.id
    top = tracking.create_run("default", experiment.id, RunCreate())
    tracking.set_tags("default", run.id, {"mlflow.parentRunId": top.id})
    assert tracking.get_run("default", grandchild.id).root_id == top.id
    tracking.set_tags("default", top.id, {"mlflow.parentRunId": grandchild.id})
    assert tracking.get_run("default", top.id).parent_id is None


def test_a_parent_that_does_not_exist_is_refused(tracking: Tracking, experiment: Experiment) -> None:
    with pytest.raises(NotFound, match="id=nobody"):
        tracking.create_run("default", experiment.id, RunCreate(parent_id="nobody"))


def test_a_run_ends_once_and_its_history_tells_how(tracking: Tracking, run: Run) -> None:
    done = tracking.update_run("default", run.id, RunPatch(status=RunStatus.COMPLETED), reason="the script ended")
    assert done.status is RunStatus.COMPLETED
    assert done.end_time is not None
    events = tracking.run_events("default", run.id)
    assert [(event.status, event.reason) for event in events] == [
        (RunStatus.RUNNING, "created"),
        (RunStatus.COMPLETED, "the script ended"),
    ]
    with pytest.raises(StateConflict, match="is Completed and cannot become Failed"):
        patch(tracking, run, RunPatch(status=RunStatus.FAILED))
    patch(tracking, run, RunPatch(status=RunStatus.COMPLETED))
    assert len(tracking.run_events("default", run.id)) == 2


def test_times_are_those_reported_else_those_of_the_change(tracking: Tracking, experiment: Experiment) -> None:
    run = submitted(tracking, experiment, "local")
    running = patch(tracking, run, RunPatch(status=RunStatus.RUNNING))
    assert running.start_time is not None
    assert running.start_time >= run.created_at
    ended = patch(tracking, run, RunPatch(status=RunStatus.COMPLETED, end_time=99))
    assert (ended.start_time, ended.end_time) == (running.start_time, 99)


def test_a_status_that_stays_does_not_keep_the_rest_of_a_patch_away(tracking: Tracking, run: Run) -> None:
    ended = patch(tracking, run, RunPatch(status=RunStatus.COMPLETED))
    again = patch(tracking, run, RunPatch(status=RunStatus.COMPLETED, end_time=5, description="told twice"))
    assert (again.end_time, again.description) == (5, "told twice")
    assert [event.status for event in tracking.run_events("default", run.id)] == [RunStatus.RUNNING, ended.status]


def test_a_run_that_is_refused_takes_no_number(tracking: Tracking, experiment: Experiment) -> None:
    tracking.create_run("default", experiment.id, RunCreate(id="mine"))
    with pytest.raises(AlreadyExists):
        tracking.create_run("default", experiment.id, RunCreate(id="mine"))
    tracking.update_experiment("default", experiment.id, archived=True)
    with pytest.raises(StateConflict, match="must be in the 'active' state"):
        tracking.create_run("default", experiment.id, RunCreate())
    tracking.update_experiment("default", experiment.id, archived=False)
    assert tracking.create_run("default", experiment.id, RunCreate()).number == 2


def test_a_resumed_run_has_no_end_and_no_error(tracking: Tracking, run: Run) -> None:
    failed = patch(tracking, run, RunPatch(status=RunStatus.FAILED, error=RunError(code="UserError", message="no")))
    assert failed.error == RunError(code="UserError", message="no")
    again = patch(tracking, run, RunPatch(status=RunStatus.RUNNING))
    assert (again.end_time, again.error, again.start_time) == (None, None, run.start_time)


def test_a_patch_is_all_or_nothing(tracking: Tracking, run: Run) -> None:
    patch(tracking, run, RunPatch(properties={"p": "1"}))
    with pytest.raises(StateConflict, match="has p='1' and keeps it"):
        patch(tracking, run, RunPatch(status=RunStatus.COMPLETED, tags={"a": "1"}, properties={"p": "2"}))
    unchanged = tracking.get_run("default", run.id)
    assert (unchanged.status, unchanged.tags) == (RunStatus.RUNNING, {})


def test_properties_never_change_and_the_same_value_again_is_fine(tracking: Tracking, run: Run) -> None:
    patch(tracking, run, RunPatch(properties={"p": "1"}))
    assert patch(tracking, run, RunPatch(properties={"p": "1", "q": "2"})).properties == {"p": "1", "q": "2"}


def test_tags_and_texts_change(tracking: Tracking, run: Run) -> None:
    changed = patch(tracking, run, RunPatch(display_name="n", description="d", tags={"a": "1", "b": "2"}))
    assert (changed.display_name, changed.description, changed.tags) == ("n", "d", {"a": "1", "b": "2"})
    changed = patch(tracking, run, RunPatch(tags={"a": "3"}, remove_tags=["b"], description=""))
    assert (changed.tags, changed.description) == ({"a": "3"}, "")
    with pytest.raises(InvalidValue, match="at most 5000 characters"):
        patch(tracking, run, RunPatch(description="x" * 5001))
    with pytest.raises(InvalidValue, match="at most 8000 are kept"):
        patch(tracking, run, RunPatch(tags={"a": "x" * 8001}))
    with pytest.raises(InvalidName, match="1 to 250 characters"):
        patch(tracking, run, RunPatch(tags={"x" * 251: ""}))


def test_the_history_of_logged_models_may_be_as_long_as_it_likes(tracking: Tracking, run: Run) -> None:
    tracking.set_tags("default", run.id, {"mlflow.log-model.history": "x" * 50_000})
    assert len(tracking.get_run("default", run.id).tags["mlflow.log-model.history"]) == 50_000


def test_a_tag_is_deleted_once(tracking: Tracking, run: Run) -> None:
    tracking.set_tags("default", run.id, {"a": "1"})
    tracking.delete_tag("default", run.id, "a")
    with pytest.raises(NotFound, match="No tag with name: a"):
        tracking.delete_tag("default", run.id, "a")


def test_what_a_run_waits_for_is_a_sentence_until_it_runs(tracking: Tracking, experiment: Experiment) -> None:
    run = submitted(tracking, experiment, "cluster")
    assert patch(tracking, run, RunPatch(waiting_for="a node")).waiting_for == "a node"
    assert patch(tracking, run, RunPatch(waiting_for="")).waiting_for is None
    patch(tracking, run, RunPatch(waiting_for="a node"))
    assert patch(tracking, run, RunPatch(status=RunStatus.RUNNING)).waiting_for is None


def test_a_deleted_run_is_readable_takes_nothing_and_can_be_restored(tracking: Tracking, run: Run) -> None:
    assert tracking.delete_run("default", run.id).archived_at is not None
    assert tracking.delete_run("default", run.id).archived_at is not None
    assert tracking.get_run("default", run.id).id == run.id
    for write in (
        lambda: patch(tracking, run, RunPatch(description="x")),
        lambda: tracking.set_tags("default", run.id, {"a": "1"}),
        lambda: tracking.log_batch("default", run.id, [("loss", 1.0, 0, 0)]),
        lambda: tracking.cancel_run("default", run.id),
    ):
        with pytest.raises(StateConflict, match=r"must be in the 'active' state\. Current state is deleted"):
            write()
    assert tracking.restore_run("default", run.id).archived_at is None
    assert tracking.restore_run("default", run.id).archived_at is None
    patch(tracking, run, RunPatch(description="x"))


def test_canceling(tracking: Tracking, experiment: Experiment, store: Store, run: Run) -> None:
    assert tracking.cancel_run("default", run.id, reason="asked").status is RunStatus.CANCELED
    assert tracking.run_events("default", run.id)[-1].reason == "asked"
    with pytest.raises(StateConflict, match="is Canceled already"):
        tracking.cancel_run("default", run.id)
    waiting = submitted(tracking, experiment, "cluster")
    assert tracking.cancel_run("default", waiting.id).status is RunStatus.CANCELED
    local = submitted(tracking, experiment, "local")
    assert tracking.cancel_run("default", local.id).status is RunStatus.CANCEL_REQUESTED
    leased = submitted(tracking, experiment, "cluster")
    pk = store.read(lambda connection: rows.key_of(connection, "default", leased.id).pk)
    assert store.write(lambda connection: rows.lease(connection, pk, "w", until=2**60, now=0))
    assert tracking.cancel_run("default", leased.id).status is RunStatus.CANCEL_REQUESTED


def test_the_heartbeat_tells_the_runner_to_stop(tracking: Tracking, experiment: Experiment) -> None:
    run = submitted(tracking, experiment, "local")
    patch(tracking, run, RunPatch(status=RunStatus.RUNNING))
    assert tracking.heartbeat("default", run.id).cancel is False
    tracking.cancel_run("default", run.id)
    answer = tracking.heartbeat("default", run.id)
    assert (answer.cancel, answer.status) == (True, RunStatus.CANCEL_REQUESTED)


def test_a_run_that_was_thought_lost_comes_back_with_its_heartbeat(tracking: Tracking, run: Run) -> None:
    patch(tracking, run, RunPatch(status=RunStatus.NOT_RESPONDING))
    assert tracking.heartbeat("default", run.id).status is RunStatus.RUNNING
    assert tracking.get_run("default", run.id).status is RunStatus.RUNNING


def test_children_by_count_and_by_tag(tracking: Tracking, run: Run) -> None:
    counted = tracking.create_children("default", run.id, ChildrenCreate(count=3))
    assert [child.tags for child in counted] == [{"azureml.batch_child_number": str(i)} for i in range(3)]
    assert {(child.parent_id, child.root_id, child.status) for child in counted} == {
        (run.id, run.id, RunStatus.NOT_STARTED)
    }
    tagged = tracking.create_children("default", run.id, ChildrenCreate(tag_key="fold", tag_values=["a", "b"]))
    assert [child.tags["fold"] for child in tagged] == ["a", "b"]


@pytest.mark.parametrize(
    "given",
    [
        ChildrenCreate(),
        ChildrenCreate(count=0),
        ChildrenCreate(count=101),
        ChildrenCreate(count=1, tag_key="a", tag_values=["b"]),
        ChildrenCreate(tag_key="a"),
        ChildrenCreate(tag_values=["a"]),
    ],
)
def test_children_that_make_no_sense_are_refused(tracking: Tracking, run: Run, given: ChildrenCreate) -> None:
    with pytest.raises(InvalidValue, match=r"children|Children"):
        tracking.create_children("default", run.id, given)


def test_one_worker_at_a_time_holds_the_lease(tracking: Tracking, experiment: Experiment, store: Store) -> None:
    run = submitted(tracking, experiment, "cluster")
    submitted(tracking, experiment, "local")
    queued = [RunStatus.QUEUED]
    waiting = store.read(lambda connection: rows.waiting(connection, queued, now=100))
    assert [found.id for found in waiting] == [run.id]
    pk = store.read(lambda connection: rows.key_of(connection, "default", run.id).pk)
    assert store.write(lambda connection: rows.lease(connection, pk, "one", until=200, now=100))
    assert not store.write(lambda connection: rows.lease(connection, pk, "two", until=300, now=150))
    assert store.write(lambda connection: rows.lease(connection, pk, "one", until=250, now=150))
    assert store.read(lambda connection: rows.waiting(connection, queued, now=150)) == []
    assert store.write(lambda connection: rows.lease(connection, pk, "two", until=400, now=300))
    assert not store.read(lambda connection: rows.holds(connection, pk, "one"))
    store.write(lambda connection: rows.release(connection, pk, "one"))
    assert store.read(lambda connection: rows.holds(connection, pk, "two"))
    store.write(lambda connection: rows.release(connection, pk, "two"))
    assert len(store.read(lambda connection: rows.waiting(connection, queued, now=300))) == 1


def test_runs_that_fell_silent_are_found(tracking: Tracking, run: Run, store: Store) -> None:
    running = [RunStatus.RUNNING]
    assert store.read(lambda connection: rows.silent(connection, running, before=2**60)) == []
    tracking.heartbeat("default", run.id)
    assert [found.id for found in store.read(lambda connection: rows.silent(connection, running, before=2**60))] == [
        run.id
    ]
    assert store.read(lambda connection: rows.silent(connection, running, before=0)) == []
