"""Runs: identity, tags, properties, children, lists, and how they end."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from zaffre.core import entities
from zaffre.core.errors import (
    ModelPathNotFoundException,
    NotFound,
    SnapshotException,
    StateConflict,
    Unsupported,
    UserErrorException,
)
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.run import Run, get_run
from zaffre.sdk.workspace import Workspace


@pytest.fixture
def run(experiment: Experiment) -> Iterator[Run]:
    started = experiment.start_logging(snapshot_directory=None)
    yield started
    started.flush()


def test_an_interactive_run_is_running_at_once(experiment: Experiment) -> None:
    run = experiment.start_logging(snapshot_directory=None, display_name="first", run_id="my-run")

    assert (run.id, run.display_name, run.name) == ("my-run", "first", "first")
    assert (run.status, run.get_status(), run.type) == ("Running", "Running", None)
    assert run.number == 1
    assert run.parent is None
    assert run.experiment is experiment
    assert run.get_portal_url().endswith(f"/ws/{experiment.workspace.name}/runs/my-run")
    assert repr(run) == "Run(Experiment: trial,\nId: my-run,\nType: None,\nStatus: Running)"
    assert run.get_portal_url() in run._repr_html_()
    assert experiment.start_logging(snapshot_directory=None).number == 2


def test_a_handle_needs_a_run_of_the_experiment(workspace: Workspace, run: Run) -> None:
    other = Experiment(workspace, "other")

    assert Run(run.experiment, run.id).id == run.id
    assert get_run(run.experiment, run.id).id == run.id
    assert Run.get(workspace, run.id).experiment.name == "trial"
    assert workspace.get_run(run.id).id == run.id
    with pytest.raises(NotFound, match="no run"):
        Run(other, run.id)
    with pytest.raises(NotFound):
        workspace.get_run("nobody")
    with pytest.raises(TypeError, match="output"):
        Run(run.experiment, run.id, output="x")


def test_names_tags_and_properties_are_text_and_live(run: Run) -> None:
    again = Run(run.experiment, run.id)
    run.display_name = "shown"
    run.description = "about"
    run.tag("plain")
    run.set_tags({"number": 1, "none": None})
    run.add_properties({"p": 2})

    assert (again.display_name, again.description) == ("shown", "about")
    assert again.tags == again.get_tags() == {"plain": "", "number": "1", "none": ""}
    assert again.properties == again.get_properties() == {"p": "2"}
    run.remove_tags(["number", "none"])
    run.remove_tags("plain")
    assert again.tags == {}
    run.add_properties({"p": 2})
    with pytest.raises(StateConflict):
        run.add_properties({"p": 3})


def test_complete_fail_and_cancel(experiment: Experiment) -> None:
    done, failed, broken, canceled = (experiment.start_logging(snapshot_directory=None) for _ in range(4))
    done.complete()
    failed.fail("no data", error_code="DataMissing")
    try:
        raise ValueError("wrong shape")
    except ValueError as error:
        broken.fail(error)
    canceled.cancel()

    assert [run.status for run in (done, failed, broken, canceled)] == ["Completed", "Failed", "Failed", "Canceled"]
    assert failed.get_details()["error"]["error"]["code"] == "DataMissing"
    assert failed.get_details()["error"]["error"]["message"] == "no data"
    reason = broken.get_details()["error"]["error"]
    assert reason["message"] == "ValueError: wrong shape"
    assert "raise ValueError" in reason["details"]["debug_stack_trace"]
    assert "endTimeUtc" in done.get_details()


def test_the_block_decides_how_the_run_ends(experiment: Experiment) -> None:
    with experiment.start_logging(snapshot_directory=None) as fine:
        print("to the log")
        print("and this", file=sys.stderr)
    with pytest.raises(KeyError), experiment.start_logging(snapshot_directory=None) as wrong:
        raise KeyError("missing")
    with pytest.raises(SystemExit), experiment.start_logging(snapshot_directory=None) as left:
        sys.exit(0)
    with pytest.raises(SystemExit), experiment.start_logging(snapshot_directory=None) as gave_up:
        sys.exit(3)

    assert [one.status for one in (fine, wrong, left, gave_up)] == ["Completed", "Failed", "Completed", "Failed"]
    assert fine.get_details_with_logs()["logFiles"] == {"logs/user_log.txt": "to the log\nand this\n"}


def test_outputs_are_uploaded_when_the_run_completes(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs" / "deep").mkdir(parents=True)
    (tmp_path / "outputs" / "model.pkl").write_text("model", "utf-8")
    (tmp_path / "outputs" / "deep" / "a.txt").write_text("a", "utf-8")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.txt").write_text("b", "utf-8")
    usual = experiment.start_logging(snapshot_directory=None)
    usual.upload_file("outputs/model.pkl", io.BytesIO(b"uploaded before"))
    none = experiment.start_logging(snapshot_directory=None, outputs=False)
    other = experiment.start_logging(snapshot_directory=None, outputs="elsewhere")
    for run in (usual, none, other):
        run.complete()

    assert usual.get_file_names() == ["outputs/deep/a.txt", "outputs/model.pkl"]
    usual.download_file("outputs/model.pkl", "kept.pkl")
    assert (tmp_path / "kept.pkl").read_text("utf-8") == "uploaded before"
    assert none.get_file_names() == []
    assert other.get_file_names() == ["elsewhere/b.txt"]


def test_children(run: Run) -> None:
    child = run.child_run(name="child")
    grandchild = child.child_run(run_id="grandchild")
    counted = run.create_children(count=2)
    tagged = run.create_children(tag_key="lr", tag_values=[0.1, 0.2])

    assert (child.status, child.display_name) == ("Running", "child")
    assert grandchild.parent is not None
    assert grandchild.parent.id == child.id
    assert [one.get_tags() for one in tagged] == [{"lr": "0.1"}, {"lr": "0.2"}]
    assert [one.get_tags()["azureml.batch_child_number"] for one in counted] == ["0", "1"]
    direct = {child.id, *(one.id for one in counted), *(one.id for one in tagged)}
    assert {one.id for one in run.get_children()} == direct
    assert {one.id for one in run.get_children(recursive=True)} == direct | {"grandchild"}
    assert [one.id for one in run.get_children(tags={"lr": "0.2"})] == [tagged[1].id]
    assert {one.id for one in run.get_children(status="Running", recursive=True)} == {child.id, "grandchild"}
    for one in (child, grandchild):
        one.complete()
    faults: list[dict[str, Any]] = [
        {},
        {"count": 1, "tag_key": "a", "tag_values": [1]},
        {"tag_values": [1]},
        {"count": 101},
    ]
    for wrong in faults:
        with pytest.raises(UserErrorException, match="create_children"):
            run.create_children(**wrong)


def test_lists_are_newest_first_and_filtered(experiment: Experiment) -> None:
    first = experiment.start_logging(snapshot_directory=None)
    second = experiment.start_logging(snapshot_directory=None)
    child = second.child_run()
    first.set_tags({"k": "v", "only": "here"})
    second.set_tags({"k": "w"})
    first.add_properties({"p": "1"})
    second.complete()

    def ids(**where: Any) -> list[str]:
        return [one.id for one in experiment.get_runs(**where)]

    assert ids() == [second.id, first.id]
    assert set(ids(include_children=True)) == {first.id, second.id, child.id}
    assert ids(tags="only") == ids(tags={"k": "v"}) == ids(tags=["k", "only"]) == ids(properties={"p": 1}) == [first.id]
    assert ids(tags={"k": "v", "only": "there"}) == []
    assert ids(type="azureml.scriptrun") == []
    assert [one.id for one in Run.list(experiment, status="Completed")] == [second.id]


def test_a_type_provider_makes_the_handles_of_its_runs(experiment: Experiment) -> None:
    class Special(Run):
        pass

    def special(owner: Experiment, entity: entities.Run) -> Run:
        return Special(owner, entity.id, _entity=entity)

    Run.add_type_provider("tests.special", special)
    with pytest.raises(ValueError, match="already has a provider"):
        Run.add_type_provider("tests.special", special)
    try:
        scope = experiment._scope
        made = scope.client.post(
            experiment._route("runs"), entities.Run, {"type": "tests.special", "status": "Running"}
        )
        assert isinstance(Run.get(experiment.workspace, made.id), Special)
        assert type(get_run(experiment, made.id, rehydrate=False)) is Run
    finally:
        del Run._providers["tests.special"]


def test_a_run_has_one_snapshot(run: Run, source: Path, tmp_path: Path) -> None:
    assert run.get_snapshot_id() is None
    with pytest.raises(SnapshotException, match="no snapshot"):
        run.restore_snapshot()
    (source / "train.py").write_text("print(1)\n", "utf-8")

    taken = run.take_snapshot(str(source))

    assert run.get_snapshot_id() == taken
    assert run.get_properties() == {"ContentSnapshotId": taken}
    restored = Path(run.restore_snapshot(path=str(tmp_path / "restored")))
    assert restored == tmp_path / "restored" / f"{taken}.zip"
    assert restored.is_file()
    with pytest.raises(SnapshotException, match="already has a snapshot"):
        run.take_snapshot(str(source))


def test_start_logging_keeps_the_current_folder(
    experiment: Experiment, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "notebook.py").write_text("1\n", "utf-8")
    monkeypatch.chdir(source)
    run = experiment.start_logging()
    run.complete()
    assert run.get_snapshot_id() is not None
    with pytest.raises(SnapshotException, match="no folder"):
        experiment.start_logging(snapshot_directory="nowhere")


def test_register_model_takes_a_file_or_folder_of_the_run(run: Run) -> None:
    run.upload_file("outputs/model.pkl", io.BytesIO(b"model"))
    run.upload_file("outputs/folder/a", io.BytesIO(b"a"))

    one = run.register_model("one", "outputs/model.pkl", tags={"t": "1"}, model_framework="ScikitLearn")
    folder = run.register_model("folder", "outputs/folder/")

    assert (one.name, one.version, one.tags, one.run_id) == ("one", 1, {"t": "1"}, run.id)
    assert one.experiment_name == "trial"
    assert folder.version == 1
    with pytest.raises(ModelPathNotFoundException, match=r"outputs/model\.pkl"):
        run.register_model("missing", "outputs/nothing")
    with pytest.raises(ModelPathNotFoundException):
        run.register_model("named-like-nothing")
    with pytest.raises(Unsupported, match="datasets"):
        run.register_model("one", "outputs/model.pkl", datasets=[("training", object())])


def test_secrets_and_docs_say_what_to_do(run: Run) -> None:
    for ask in (lambda: run.get_secret("a"), lambda: run.get_secrets(["a"]), Run.get_docs_url):
        with pytest.raises(Unsupported, match="not built in Zaffre"):
            ask()
    assert run.clean() == []
    with pytest.raises(UserErrorException, match="was not submitted"):
        run.get_environment()
