"""The status of an ``AmlCompute`` target, in the shapes that Azure's SDK returns."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any


class ScaleSettings:
    def __init__(self, minimum_node_count: int, maximum_node_count: int, idle_seconds_before_scaledown: int) -> None:
        self.minimum_node_count = minimum_node_count
        self.maximum_node_count = maximum_node_count
        self.idle_seconds_before_scaledown = idle_seconds_before_scaledown

    def serialize(self) -> dict[str, Any]:
        return {
            "minNodeCount": self.minimum_node_count,
            "maxNodeCount": self.maximum_node_count,
            "nodeIdleTimeBeforeScaleDown": f"PT{self.idle_seconds_before_scaledown}S",
        }

    @staticmethod
    def deserialize(object_dict: Mapping[str, Any]) -> ScaleSettings:
        idle = str(object_dict["nodeIdleTimeBeforeScaleDown"]).removeprefix("PT").removesuffix("S")
        return ScaleSettings(int(object_dict["minNodeCount"]), int(object_dict["maxNodeCount"]), int(idle))


class AmlComputeNodeStateCounts:
    """How many nodes are in which state."""

    def __init__(
        self,
        idle_node_count: int,
        leaving_node_count: int,
        preempted_node_count: int,
        preparing_node_count: int,
        running_node_count: int,
        unusable_node_count: int,
    ) -> None:
        self.idle_node_count = idle_node_count
        self.leaving_node_count = leaving_node_count
        self.preempted_node_count = preempted_node_count
        self.preparing_node_count = preparing_node_count
        self.running_node_count = running_node_count
        self.unusable_node_count = unusable_node_count

    def serialize(self) -> dict[str, int]:
        return {
            "preparingNodeCount": self.preparing_node_count,
            "runningNodeCount": self.running_node_count,
            "idleNodeCount": self.idle_node_count,
            "unusableNodeCount": self.unusable_node_count,
            "leavingNodeCount": self.leaving_node_count,
            "preemptedNodeCount": self.preempted_node_count,
        }

    @staticmethod
    def deserialize(object_dict: Mapping[str, Any]) -> AmlComputeNodeStateCounts:
        kinds = ("idle", "leaving", "preempted", "preparing", "running", "unusable")
        return AmlComputeNodeStateCounts(*(int(object_dict[f"{kind}NodeCount"]) for kind in kinds))


class AmlComputeStatus:
    def __init__(
        self,
        allocation_state: str,
        allocation_state_transition_time: datetime.datetime | None,
        creation_time: datetime.datetime | None,
        current_node_count: int,
        errors: list[str] | None,
        modified_time: datetime.datetime | None,
        node_state_counts: AmlComputeNodeStateCounts,
        provisioning_state: str,
        provisioning_state_transition_time: datetime.datetime | None,
        scale_settings: ScaleSettings,
        target_node_count: int,
        vm_priority: str,
        vm_size: str,
    ) -> None:
        self.allocation_state = allocation_state
        self.allocation_state_transition_time = allocation_state_transition_time
        self.creation_time = creation_time
        self.current_node_count = current_node_count
        self.errors = errors
        self.modified_time = modified_time
        self.node_state_counts = node_state_counts
        self.provisioning_state = provisioning_state
        self.provisioning_state_transition_time = provisioning_state_transition_time
        self.scale_settings = scale_settings
        self.target_node_count = target_node_count
        self.vm_priority = vm_priority
        self.vm_size = vm_size

    def serialize(self) -> dict[str, Any]:
        """The status in Azure's keys; times are ISO-8601 text."""
        return {
            "currentNodeCount": self.current_node_count,
            "targetNodeCount": self.target_node_count,
            "nodeStateCounts": self.node_state_counts.serialize(),
            "allocationState": self.allocation_state,
            "allocationStateTransitionTime": _text(self.allocation_state_transition_time),
            "errors": self.errors,
            "creationTime": _text(self.creation_time),
            "modifiedTime": _text(self.modified_time),
            "provisioningState": self.provisioning_state,
            "provisioningStateTransitionTime": _text(self.provisioning_state_transition_time),
            "scaleSettings": self.scale_settings.serialize(),
            "vmPriority": self.vm_priority,
            "vmSize": self.vm_size,
        }

    @staticmethod
    def deserialize(object_dict: Mapping[str, Any]) -> AmlComputeStatus:
        return AmlComputeStatus(
            allocation_state=object_dict["allocationState"],
            allocation_state_transition_time=_time(object_dict["allocationStateTransitionTime"]),
            creation_time=_time(object_dict["creationTime"]),
            current_node_count=object_dict["currentNodeCount"],
            errors=object_dict["errors"],
            modified_time=_time(object_dict["modifiedTime"]),
            node_state_counts=AmlComputeNodeStateCounts.deserialize(object_dict["nodeStateCounts"]),
            provisioning_state=object_dict["provisioningState"],
            provisioning_state_transition_time=_time(object_dict["provisioningStateTransitionTime"]),
            scale_settings=ScaleSettings.deserialize(object_dict["scaleSettings"]),
            target_node_count=object_dict["targetNodeCount"],
            vm_priority=object_dict["vmPriority"],
            vm_size=object_dict["vmSize"],
        )


def _text(time: datetime.datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _time(text: str | None) -> datetime.datetime | None:
    return None if text is None else datetime.datetime.fromisoformat(text)
