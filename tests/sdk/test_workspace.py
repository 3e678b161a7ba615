"""Workspaces: found by configuration files, made, listed, changed, described."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.server_process import ServerProcess
from zaffre.core.errors import Unsupported, UserErrorException, WorkspaceException, WorkspaceExists, WorkspaceNotFound
from zaffre.sdk.compute import AmlCompute
from zaffre.sdk.workspace import Workspace
from zaffre.sdk.workspace_config import find_config, read_config


def write(file: Path, content: object) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), "utf-8")
    return file


def flat(name: str) -> dict[str, str]:
    return {"subscription_id": "sub", "resource_group": "group", "workspace_name": name}


def test_from_config_makes_the_workspace_of_a_portal_file_on_first_use(
    server: ServerProcess, workspace_name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "config.json", flat(workspace_name))

    workspace = Workspace.from_config(str(tmp_path))
    again = Workspace.from_config(str(tmp_path))

    assert (workspace.name, workspace.subscription_id, workspace.resource_group) == (workspace_name, "sub", "group")
    assert again.name == workspace_name
    told = capfd.readouterr().err
    assert told == f"Zaffre made the workspace {workspace_name} on {server.url} (first use).\n"
    assert [one.name for one in Workspace.list("sub")[workspace_name]] == [workspace_name]
    assert workspace_name not in Workspace.list("another")


def test_from_config_reads_the_scope_that_write_config_writes(workspace: Workspace, tmp_path: Path) -> None:
    workspace.write_config(str(tmp_path))

    held = json.loads((tmp_path / ".azureml" / "config.json").read_text("utf-8"))
    assert held == {
        "Id": None,
        "Scope": f"/subscriptions/sub/resourceGroups/group/providers/Microsoft.MachineLearningServices"
        f"/workspaces/{workspace.name}",
    }
    assert repr(Workspace.from_config(str(tmp_path))) == repr(workspace)


def test_write_config_may_be_given_the_folder_of_the_file(workspace: Workspace, tmp_path: Path) -> None:
    workspace.write_config(str(tmp_path / ".azureml"))
    assert [path.name for path in (tmp_path / ".azureml").iterdir()] == ["config.json"]


def test_write_config_keeps_to_the_folder_and_file_that_are_there(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path / "aml_config" / "project.json", {})

    workspace.write_config(str(tmp_path))
    workspace.write_config(str(tmp_path), "other")

    assert read_config(tmp_path / "aml_config" / "project.json").workspace_name == workspace.name
    assert (tmp_path / "aml_config" / "other.json").is_file()


def test_each_kind_of_place_is_looked_for_all_the_way_up_before_the_next(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    direct = write(below / "config.json", flat("direct"))
    assert find_config(str(below)) == direct
    old = write(tmp_path / "aml_config" / "config.json", flat("old"))
    assert find_config(str(below)) == old
    project = write(tmp_path / ".azureml" / "project.json", flat("project"))
    assert find_config(str(below)) == project
    config = write(tmp_path / ".azureml" / "config.json", flat("config"))
    assert find_config(str(below)) == config
    assert find_config(str(direct)) == direct
    assert find_config(str(below), "project.json") == project


@pytest.mark.parametrize("content", ["{", "[]", '{"workspace_name": "w"}', '{"Scope": "/subscriptions/s"}'])
def test_a_configuration_that_names_no_workspace_says_which_file(tmp_path: Path, content: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(content, "utf-8")

    with pytest.raises(UserErrorException, match=f"{file}.*zaffre init"):
        read_config(file)


def test_no_configuration_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserErrorException, match=r"config\.json.*was found"):
        Workspace.from_config(str(tmp_path), _file_name="nowhere-to-be-found-config.json")


@pytest.mark.parametrize("name", ["", "a", "../x", "a b", None])
def test_get_refuses_a_name_that_cannot_be(server: ServerProcess, name: Any) -> None:
    assert server.url
    with pytest.raises(WorkspaceException, match="is not a workspace name"):
        Workspace.get(name)


def test_get_does_not_make_what_was_only_named(server: ServerProcess, workspace_name: str) -> None:
    assert server.url
    with pytest.raises(WorkspaceException) as caught:
        Workspace.get(workspace_name)
    assert isinstance(caught.value, WorkspaceNotFound)
    assert workspace_name in caught.value.message

    Workspace.get(workspace_name, subscription_id="sub", resource_group="group")
    assert Workspace.get(workspace_name).subscription_id == "sub"
    with pytest.raises(WorkspaceNotFound, match="another id"):
        Workspace.get(workspace_name, id="00000000-0000-0000-0000-000000000000")


def test_create_refuses_a_name_that_is_taken_unless_told_otherwise(
    server: ServerProcess, workspace_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Workspace.create(workspace_name, location="westeurope", tags={"team": "a"}, friendly_name="Ours")

    assert made.location == "westeurope"
    assert made.tags == {"team": "a", "createdByToolkit": "sdk-v1-1.61.0"}
    assert made.get_details()["friendlyName"] == "Ours"
    assert server.url in capsys.readouterr().out
    with pytest.raises(WorkspaceExists):
        Workspace.create(workspace_name)
    assert Workspace.create(workspace_name, exist_ok=True, show_output=False).name == workspace_name


def test_create_makes_the_default_clusters(server: ServerProcess, workspace_name: str) -> None:
    assert server.url
    cluster = AmlCompute.provisioning_configuration(max_nodes=2)
    made = Workspace.create(workspace_name, default_cpu_compute_target=cluster, show_output=False)
    target = made.get_default_compute_target("CPU")
    assert target is not None
    assert target.name == "cpu-cluster"


def test_create_refuses_resources_of_azure(server: ServerProcess, workspace_name: str) -> None:
    assert server.url
    with pytest.raises(Unsupported, match="key_vault, container_registry"):
        Workspace.create(workspace_name, key_vault="/subscriptions/x", container_registry="/subscriptions/y")


@pytest.mark.parametrize("name", ["ab", "-abc", "a" * 34, "with space"])
def test_a_name_that_cannot_be_is_refused_before_anything_is_sent(name: str) -> None:
    with pytest.raises(WorkspaceException, match="is not a workspace name"):
        Workspace("sub", "group", name)


def test_update_changes_what_is_given(workspace: Workspace) -> None:
    details = workspace.update(friendly_name="Friendly", description="About", tags={"a": "b"})

    assert (details["friendlyName"], details["description"], details["tags"]) == ("Friendly", "About", {"a": "b"})
    assert details["id"].endswith(f"/workspaces/{workspace.name}")
    assert workspace.tags == {"a": "b"}
    with pytest.raises(Unsupported, match="image_build_compute"):
        workspace.update(image_build_compute="x")


def test_delete_takes_everything(workspace: Workspace) -> None:
    workspace.delete()
    with pytest.raises(WorkspaceNotFound):
        Workspace.get(workspace.name)


def test_the_dictionaries_hold_handles_by_name(workspace: Workspace) -> None:
    assert workspace.experiments == {}
    assert workspace.models == {}
    assert workspace.compute_targets == {}
    assert workspace.webservices == {}
    assert set(workspace.datastores) == {"workspaceblobstore", "workspacefilestore"}
    assert all(name == environment.name for name, environment in workspace.environments.items())
    for name in ("datasets", "linked_services", "private_endpoints"):
        with pytest.raises(Unsupported, match=name):
            getattr(workspace, name)


def test_the_default_datastore_can_be_chosen(workspace: Workspace) -> None:
    assert workspace.get_default_datastore().name == "workspaceblobstore"
    workspace.set_default_datastore("workspacefilestore")
    assert workspace.get_default_datastore().name == "workspacefilestore"


def test_the_default_compute_targets_are_told_by_name(workspace: Workspace) -> None:
    from_scratch = workspace.get_default_compute_target("CPU")
    assert from_scratch is None
    with pytest.raises(UserErrorException, match="CPU or GPU"):
        workspace.get_default_compute_target("TPU")


def test_the_tracking_uri_opens_this_workspace_with_a_token_of_its_own(
    server: ServerProcess, workspace: Workspace
) -> None:
    uri = workspace.get_mlflow_tracking_uri()

    scheme, _, rest = uri.partition("://")
    credentials, _, place = rest.rpartition("@")
    assert place == server.url.partition("://")[2] + f"/workspaces/{workspace.name}"
    token = credentials.removeprefix("token:")
    assert token != server.token
    request = urllib.request.Request(  # noqa: S310 - our own URL
        f"{scheme}://{place}/api/2.0/mlflow/experiments/search?max_results=5",
        headers={"authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        assert answer.status == 200
    assert Workspace.get("default").get_mlflow_tracking_uri().endswith(server.url.partition("://")[2])


def test_repr_is_code(workspace: Workspace) -> None:
    name = workspace.name
    assert repr(workspace) == f"Workspace.create(name='{name}', subscription_id='sub', resource_group='group')"
