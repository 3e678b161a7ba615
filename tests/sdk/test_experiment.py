"""Experiments: made on construction, listed, tagged, archived, deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from zaffre.core.errors import InvalidName, NotFound, Unsupported, UserErrorException
from zaffre.sdk.experiment import Experiment, ViewType
from zaffre.sdk.workspace import Workspace


def test_construction_makes_or_gets_the_experiment(workspace: Workspace) -> None:
    first = Experiment(workspace, "one")
    second = Experiment(workspace, "one")

    assert first.id == second.id
    assert first.name == "one"
    assert first.workspace is workspace
    assert repr(first) == f"Experiment(Name: one,\nWorkspace: {workspace.name})"
    assert first.get_portal_url().endswith(f"/ws/{workspace.name}/experiments/one")
    assert first.get_portal_url() in first._repr_html_()
    assert list(workspace.experiments) == ["one"]


def test_a_handle_need_not_make_it(workspace: Workspace) -> None:
    handle = Experiment(workspace, "not-there", _create_in_cloud=False)

    assert Experiment.list(workspace) == []
    with pytest.raises(NotFound):
        handle.refresh()


def test_the_workspace_may_be_named(workspace: Workspace) -> None:
    Experiment(workspace.name, "by-name")
    assert "by-name" in workspace.experiments


@pytest.mark.parametrize("name", ["", "-a", "a" * 256, "with space", "a/b"])
def test_a_name_that_cannot_be_is_refused(workspace: Workspace, name: str) -> None:
    with pytest.raises(InvalidName, match="is not an experiment name"):
        Experiment(workspace, name)


def test_tags_are_text(experiment: Experiment) -> None:
    experiment.set_tags({"a": 1, "b": None})
    experiment.tag("c", "x")
    experiment.tag("d")
    assert experiment.tags == {"a": "1", "b": "", "c": "x", "d": ""}
    experiment.remove_tags(["a", "b"])
    experiment.remove_tags("d")
    assert experiment.tags == {"c": "x"}


def test_list_filters_by_name_view_and_tags(workspace: Workspace) -> None:
    kept, hidden = Experiment(workspace, "kept"), Experiment(workspace, "hidden")
    kept.tag("k", "v")
    hidden.archive()

    def names(**where: object) -> list[str]:
        return sorted(one.name for one in Experiment.list(workspace, **where))  # type: ignore[arg-type]

    assert names() == ["kept"]
    assert names(view_type=ViewType.All) == ["hidden", "kept"]
    assert names(view_type=ViewType.ArchivedOnly) == ["hidden"]
    assert names(experiment_name="kept") == ["kept"]
    assert names(tags="k") == ["kept"]
    assert names(tags={"k": "v"}) == ["kept"]
    assert names(tags={"k": "w"}) == []
    with pytest.raises(UserErrorException, match="ActiveOnly, All, ArchivedOnly"):
        names(view_type="some")


def test_archive_and_reactivate(experiment: Experiment) -> None:
    experiment.archive()
    assert experiment.archived_time is not None
    with pytest.raises(UserErrorException, match="keeps its name"):
        experiment.reactivate(new_name="other")
    experiment.reactivate()
    assert Experiment(experiment.workspace, experiment.name).archived_time is None


def test_delete_is_by_id(workspace: Workspace, experiment: Experiment) -> None:
    Experiment.delete(workspace, experiment.id)
    assert workspace.experiments == {}
    with pytest.raises(NotFound, match="no experiment with the id"):
        Experiment.delete(workspace, "12345678")


def test_from_directory_takes_the_name_of_the_folder(workspace: Workspace, tmp_path: Path) -> None:
    project = tmp_path / "my-project"
    project.mkdir()
    workspace.write_config(str(project))

    experiment = Experiment.from_directory(str(project))

    assert (experiment.name, experiment.workspace.name) == ("my-project", workspace.name)


def test_unknown_arguments_are_refused(workspace: Workspace, experiment: Experiment) -> None:
    with pytest.raises(TypeError, match="unexpected"):
        Experiment(workspace, "one", spelling="wrong")
    with pytest.raises(TypeError, match="snapshot_dir"):
        experiment.start_logging(snapshot_dir=None)
    with pytest.raises(Unsupported, match="Submitting a dict"):
        experiment.submit({})
