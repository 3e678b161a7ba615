"""Compute targets: created, found, changed, deleted; others refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from zaffre.core.errors import ComputeTargetException, ComputeTargetNotFound, InvalidName, Unsupported
from zaffre.sdk import compute_unbuilt
from zaffre.sdk.compute import AmlCompute, ComputeTarget
from zaffre.sdk.compute_status import AmlComputeStatus
from zaffre.sdk.compute_target import AbstractComputeTarget, LocalTarget
from zaffre.sdk.workspace import Workspace


@pytest.fixture
def cluster(workspace: Workspace) -> AmlCompute:
    wanted = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4, tags={"a": "b"}, location="x")
    made = ComputeTarget.create(workspace, "cpu-cluster", wanted)
    assert isinstance(made, AmlCompute)
    return made


def test_the_usual_cell_of_a_notebook(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ComputeTargetException) as caught:
        ComputeTarget(workspace=workspace, name="cpu-cluster")
    assert isinstance(caught.value, ComputeTargetNotFound)
    assert "ComputeTargetNotFound" in str(caught.value)
    wanted = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
    target = ComputeTarget.create(workspace, "cpu-cluster", wanted)
    target.wait_for_completion(show_output=True)

    assert capsys.readouterr().out == "AmlCompute cpu-cluster: Succeeded\n"
    assert isinstance(ComputeTarget(workspace, "cpu-cluster"), AmlCompute)
    assert isinstance(AmlCompute(workspace, "cpu-cluster"), AmlCompute)
    assert workspace.compute_targets["cpu-cluster"].type == "AmlCompute"
    default = workspace.get_default_compute_target("cpu")
    assert default is not None
    assert default.name == "cpu-cluster"


def test_attributes_and_status(cluster: AmlCompute) -> None:
    assert (cluster.vm_size, cluster.vm_priority, cluster.location) == ("STANDARD_D2_V2", "dedicated", "x")
    assert (cluster.tags, cluster.provisioning_state, cluster.provisioning_errors) == ({"a": "b"}, "Succeeded", None)
    assert cluster.id.endswith(f"workspaces/{cluster.workspace.name}/computes/cpu-cluster")
    assert cluster.created_on <= cluster.modified_on
    assert (cluster.is_attached, cluster.cluster_resource_id) == (False, None)
    status = cluster.get_status()
    serialized = status.serialize()
    assert serialized["scaleSettings"] == {
        "minNodeCount": 0,
        "maxNodeCount": 4,
        "nodeIdleTimeBeforeScaleDown": "PT1800S",
    }
    assert serialized["nodeStateCounts"] == {
        "preparingNodeCount": 0,
        "runningNodeCount": 0,
        "idleNodeCount": 0,
        "unusableNodeCount": 0,
        "leavingNodeCount": 0,
        "preemptedNodeCount": 0,
    }
    assert (serialized["allocationState"], serialized["vmSize"]) == ("Steady", "STANDARD_D2_V2")
    assert AmlComputeStatus.deserialize(serialized).serialize() == serialized
    assert cluster.serialize()["properties"]["status"] == serialized
    assert ComputeTarget.deserialize(cluster.workspace, cluster.serialize()).name == cluster.name
    assert cluster.list_nodes() == []
    assert [size["name"] for size in AmlCompute.supported_vmsizes(cluster.workspace)] == ["LOCAL"]


def test_update_and_delete(cluster: AmlCompute) -> None:
    cluster.update(max_nodes=2, idle_seconds_before_scaledown=60)
    again = ComputeTarget(cluster.workspace, cluster.name)
    assert isinstance(again, AmlCompute)
    assert again.scale_settings.serialize()["maxNodeCount"] == 2
    assert again.scale_settings.idle_seconds_before_scaledown == 60
    cluster.delete()
    cluster.wait_for_completion(is_delete_operation=True)
    with pytest.raises(ComputeTargetNotFound):
        cluster.refresh_state()
    assert ComputeTarget.list(cluster.workspace) == []


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({}, ComputeTargetException, "needs max_nodes"),
        ({"max_nodes": 0}, ComputeTargetException, "do not fit"),
        ({"max_nodes": 1, "min_nodes": 2}, ComputeTargetException, "do not fit"),
        ({"max_nodes": 1, "vm_priority": "urgent"}, ComputeTargetException, "dedicated or lowpriority"),
        ({"max_nodes": 1, "vnet_name": "v", "identity_type": "i"}, Unsupported, "vnet_name, identity_type"),
    ],
)
def test_a_configuration_that_cannot_be(settings: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        AmlCompute.provisioning_configuration(**settings)


def test_names_are_checked(workspace: Workspace) -> None:
    wanted = AmlCompute.provisioning_configuration(max_nodes=1)
    for name in ("local", "AmlCompute", "containerinstance"):
        with pytest.raises(ComputeTargetException, match="is reserved"):
            ComputeTarget.create(workspace, name, wanted)
    with pytest.raises(InvalidName, match="is not a compute target name"):
        ComputeTarget.create(workspace, "-a", wanted)


@pytest.mark.parametrize(
    "name", [name for name in vars(compute_unbuilt) if name.endswith("Compute") and name[0] != "_"]
)
def test_what_is_not_built_can_be_imported_and_is_refused_when_used(workspace: Workspace, name: str) -> None:
    unbuilt = getattr(compute_unbuilt, name)
    assert issubclass(unbuilt, ComputeTarget)
    uses: list[Callable[[], object]] = [
        lambda: unbuilt(workspace, "x"),
        lambda: unbuilt.attach_configuration(username="u"),
        lambda: unbuilt.provisioning_configuration(),
    ]
    for use in uses:
        with pytest.raises(Unsupported, match=f"{name} is not built"):
            use()


def test_attach_and_detach_are_refused(cluster: AmlCompute) -> None:
    refusals: list[Any] = [
        lambda: ComputeTarget.attach(cluster.workspace, "x", object()),
        lambda: ComputeTarget.create(cluster.workspace, "x", object()),
        cluster.detach,
        lambda: cluster.add_identity("SystemAssigned"),
        cluster.remove_identity,
        lambda: AmlCompute.list_usages(cluster.workspace),
        lambda: AmlCompute.list_quotas(cluster.workspace),
        lambda: AmlCompute.update_quotas(cluster.workspace, "f"),
    ]
    for refusal in refusals:
        with pytest.raises(Unsupported, match="not built"):
            refusal()


def test_older_names() -> None:
    assert (LocalTarget().name, LocalTarget().type) == ("local", "local")
    assert AbstractComputeTarget.deserialize_from_dict("c", {"type": "amlcompute"}).type == "amlcompute"
