"""Compute targets: where submitted scripts run. ``AmlCompute`` is a queue with places on the server's machine."""

from __future__ import annotations

import builtins
import datetime
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from zaffre.core import entities, wire
from zaffre.core.errors import ComputeTargetException, Unsupported
from zaffre.core.names import check_compute
from zaffre.sdk.compute_status import AmlComputeNodeStateCounts, AmlComputeStatus, ScaleSettings
from zaffre.sdk.late import late
from zaffre.sdk.run_filters import Filter
from zaffre.sdk.times import moment
from zaffre.sdk.unbuilt import not_built

if TYPE_CHECKING:
    from zaffre.sdk.run import Run
    from zaffre.sdk.workspace import Workspace

RESERVED_NAMES: Final = ("amlcompute", "local", "containerinstance")
LOCAL_SIZE: Final = "LOCAL"


class ComputeTargetProvisioningConfiguration:
    """Base of what ``ComputeTarget.create`` takes."""

    def validate_configuration(self) -> None:
        """Raise ``ComputeTargetException`` when the configuration cannot be."""


class ComputeTargetAttachConfiguration:
    """Base of what ``ComputeTarget.attach`` takes; nothing can be attached yet."""

    def validate_configuration(self) -> None:
        """Raise ``ComputeTargetException`` when the configuration cannot be."""


class ComputeTargetUpdateConfiguration:
    """Base of what the update of a compute target takes."""

    def validate_configuration(self) -> None:
        """Raise ``ComputeTargetException`` when the configuration cannot be."""


class ComputeTarget:
    """A compute target of a workspace: ``ComputeTarget(ws, name)`` is an instance of its class.

    Raises ``ComputeTargetNotFound`` (a ``ComputeTargetException``) when there is none of that name.
    """

    _entity: entities.ComputeTarget
    _workspace: Workspace

    def __new__(cls, workspace: Workspace, name: str) -> ComputeTarget:
        entity = workspace._scope.client.get(workspace._scope.path("computes", name), entities.ComputeTarget)
        made = super().__new__(_class_of(entity.type))
        made._workspace = workspace
        made._entity = entity
        return made

    def __init__(self, workspace: Workspace, name: str) -> None:
        """Everything is done by ``__new__``, which decides the class."""

    @staticmethod
    def _of(workspace: Workspace, entity: entities.ComputeTarget) -> ComputeTarget:
        made = object.__new__(_class_of(entity.type))
        made._workspace = workspace
        made._entity = entity
        return made

    def __repr__(self) -> str:
        return f"{type(self).__name__}(workspace={self._workspace!r}, name={self.name!r}, type={self.type!r})"

    @staticmethod
    def create(workspace: Workspace, name: str, provisioning_configuration: Any) -> ComputeTarget:
        """Create a compute target, or change the one of that name; it is ready at once."""
        if not isinstance(provisioning_configuration, AmlComputeProvisioningConfiguration):
            raise not_built(
                f"Creating compute from a {type(provisioning_configuration).__name__}",
                "use AmlCompute.provisioning_configuration(...)",
            )
        provisioning_configuration.validate_configuration()
        _check_name(name)
        route = workspace._scope.path("computes", name)
        entity = workspace._scope.client.put(route, entities.ComputeTarget, provisioning_configuration._message())
        return ComputeTarget._of(workspace, entity)

    @staticmethod
    def attach(workspace: Workspace, name: str, attach_configuration: Any) -> ComputeTarget:
        raise not_built(
            "Attaching other machines as compute targets", "submit to 'local' or to an AmlCompute target of this server"
        )

    @staticmethod
    def list(workspace: Workspace) -> builtins.list[ComputeTarget]:
        """The compute targets of a workspace."""
        found = workspace._scope.client.items(workspace._scope.path("computes"), entities.ComputeTarget)
        return [ComputeTarget._of(workspace, entity) for entity in found]

    def _route(self) -> str:
        return self._workspace._scope.path("computes", self.name)

    @property
    def workspace(self) -> Workspace:
        return self._workspace

    @property
    def name(self) -> str:
        return self._entity.name

    @property
    def id(self) -> str:
        return f"{self._workspace._reference.scope}/computes/{self.name}"

    @property
    def type(self) -> str:
        return self._entity.type

    @property
    def location(self) -> str:
        return self._entity.location

    @property
    def description(self) -> str:
        return self._entity.description

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._entity.tags)

    @property
    def created_on(self) -> datetime.datetime:
        return moment(self._entity.created_at)

    @property
    def modified_on(self) -> datetime.datetime:
        return moment(self._entity.modified_at)

    @property
    def provisioning_state(self) -> str:
        return self._entity.provisioning_state

    @property
    def provisioning_errors(self) -> builtins.list[str] | None:
        return builtins.list(self._entity.errors) or None

    @property
    def cluster_resource_id(self) -> None:
        return None

    @property
    def cluster_location(self) -> str:
        return self._entity.location

    @property
    def is_attached(self) -> bool:
        return False

    def wait_for_completion(self, show_output: bool = False, is_delete_operation: bool = False) -> None:
        """Return when the target is ready (or gone): it is as soon as the server has answered."""
        if not is_delete_operation:
            self.refresh_state()
        if show_output:
            print(f"{self.type} {self.name}: {'Deleted' if is_delete_operation else self.provisioning_state}")

    def refresh_state(self) -> None:
        """Read the target anew; raises ``ComputeTargetNotFound`` when it is gone."""
        self._entity = self._workspace._scope.client.get(self._route(), entities.ComputeTarget)

    def get_status(self) -> Any:
        self.refresh_state()
        return self.provisioning_state

    def delete(self) -> None:
        """Delete the target; runs on it go on."""
        self._workspace._scope.client.delete(self._route())

    def detach(self) -> None:
        raise not_built("Detaching compute targets", "delete() removes one that was created here")

    def serialize(self) -> dict[str, Any]:
        """The target in Azure's keys."""
        return {
            "id": self.id,
            "name": self.name,
            "location": self.location,
            "tags": self.tags,
            "properties": {
                "description": self.description,
                "computeType": self.type,
                "computeLocation": self.location,
                "provisioningState": self.provisioning_state,
                "provisioningErrors": self.provisioning_errors,
                "createdOn": self.created_on.isoformat(),
                "modifiedOn": self.modified_on.isoformat(),
                "isAttachedCompute": False,
            },
        }

    @staticmethod
    def deserialize(workspace: Workspace, object_dict: Mapping[str, Any]) -> ComputeTarget:
        """The target that a serialized one names, read anew."""
        return ComputeTarget(workspace, str(object_dict["name"]))


class AmlComputeProvisioningConfiguration(ComputeTargetProvisioningConfiguration):
    """How many runs at once, above all; ``vm_size`` and ``location`` are recorded."""

    def __init__(
        self,
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: int = 0,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int = 1800,
        admin_username: str | None = None,
        admin_user_password: str | None = None,
        admin_user_ssh_key: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        remote_login_port_public_access: str = "NotSpecified",
        identity_type: str | None = None,
        identity_id: Any = None,
        compute_location: str | None = None,
        enable_node_public_ip: bool = True,
    ) -> None:
        refused = {
            "admin_username": admin_username,
            "admin_user_password": admin_user_password,
            "admin_user_ssh_key": admin_user_ssh_key,
            "vnet_resourcegroup_name": vnet_resourcegroup_name,
            "vnet_name": vnet_name,
            "subnet_name": subnet_name,
            "identity_type": identity_type,
            "identity_id": identity_id,
        }
        given = [name for name, value in refused.items() if value]
        if given:
            raise not_built(f"AmlCompute with {', '.join(given)}", "leave these out, runs use the server's own account")
        self.vm_size = vm_size
        self.vm_priority = vm_priority
        self.min_nodes = min_nodes
        self.max_nodes = max_nodes
        self.idle_seconds_before_scaledown = idle_seconds_before_scaledown
        self.tags = dict(tags or {})
        self.description = description
        self.location = compute_location

    def validate_configuration(self) -> None:
        if self.max_nodes is None:
            raise ComputeTargetException("An AmlCompute configuration needs max_nodes: how many runs may run at once.")
        if not 0 <= self.min_nodes <= self.max_nodes or self.max_nodes < 1:
            raise ComputeTargetException(
                f"min_nodes {self.min_nodes} and max_nodes {self.max_nodes} do not fit: use 0 <= min_nodes <= "
                "max_nodes and max_nodes of at least 1."
            )
        if self.vm_priority not in ("dedicated", "lowpriority"):
            raise ComputeTargetException(f"vm_priority is dedicated or lowpriority, not {self.vm_priority!r}.")

    def _message(self) -> wire.ComputeCreate:
        return wire.ComputeCreate(
            vm_size=self.vm_size or LOCAL_SIZE,
            vm_priority=self.vm_priority,
            min_nodes=self.min_nodes,
            max_nodes=self.max_nodes,
            idle_seconds_before_scaledown=self.idle_seconds_before_scaledown,
            location=self.location or "local",
            description=self.description or "",
            tags=self.tags,
        )


class AmlCompute(ComputeTarget):
    """A queue on the server's machine that runs up to ``max_nodes`` scripts at once."""

    @staticmethod
    def provisioning_configuration(
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: int = 0,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int = 1800,
        admin_username: str | None = None,
        admin_user_password: str | None = None,
        admin_user_ssh_key: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        remote_login_port_public_access: str = "NotSpecified",
        identity_type: str | None = None,
        identity_id: Any = None,
        location: str | None = None,
        enable_node_public_ip: bool = True,
    ) -> AmlComputeProvisioningConfiguration:
        """What ``ComputeTarget.create`` takes; raises ``ComputeTargetException`` when ``max_nodes`` is missing."""
        configuration = AmlComputeProvisioningConfiguration(
            vm_size,
            vm_priority,
            min_nodes,
            max_nodes,
            idle_seconds_before_scaledown,
            admin_username,
            admin_user_password,
            admin_user_ssh_key,
            vnet_resourcegroup_name,
            vnet_name,
            subnet_name,
            tags,
            description,
            remote_login_port_public_access,
            identity_type,
            identity_id,
            location,
            enable_node_public_ip,
        )
        configuration.validate_configuration()
        return configuration

    @property
    def vm_size(self) -> str:
        return self._entity.vm_size

    @property
    def vm_priority(self) -> str:
        return self._entity.vm_priority

    @property
    def scale_settings(self) -> ScaleSettings:
        entity = self._entity
        return ScaleSettings(entity.min_nodes, entity.max_nodes, entity.idle_seconds_before_scaledown)

    @property
    def status(self) -> AmlComputeStatus:
        """The status as it was last read."""
        entity = self._entity
        return AmlComputeStatus(
            allocation_state="Steady",
            allocation_state_transition_time=moment(entity.modified_at),
            creation_time=moment(entity.created_at),
            current_node_count=entity.running_nodes,
            errors=builtins.list(entity.errors) or None,
            modified_time=moment(entity.modified_at),
            node_state_counts=AmlComputeNodeStateCounts(0, 0, 0, 0, entity.running_nodes, 0),
            provisioning_state=entity.provisioning_state,
            provisioning_state_transition_time=None,
            scale_settings=self.scale_settings,
            target_node_count=entity.running_nodes,
            vm_priority=entity.vm_priority,
            vm_size=entity.vm_size,
        )

    def wait_for_completion(  # type: ignore[override]  # Azure's own difference
        self,
        show_output: bool = False,
        min_node_count: int | None = None,
        timeout_in_minutes: float = 25,
        is_delete_operation: bool = False,
    ) -> None:
        """Return when the target is ready. Its places need no machine to start, so no number of nodes is waited for."""
        super().wait_for_completion(show_output, is_delete_operation)

    def get_status(self) -> AmlComputeStatus:
        self.refresh_state()
        return self.status

    def get(self) -> ComputeTarget:
        """The same target, read anew."""
        return ComputeTarget(self._workspace, self.name)

    def update(
        self,
        min_nodes: int | None = None,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int | None = None,
    ) -> None:
        """Change what is given."""
        patch = wire.ComputePatch(
            min_nodes=min_nodes,
            max_nodes=max_nodes,
            idle_seconds_before_scaledown=idle_seconds_before_scaledown,
        )
        self._entity = self._workspace._scope.client.patch(self._route(), entities.ComputeTarget, patch)

    def list_nodes(self) -> builtins.list[dict[str, Any]]:
        """The places that are taken now: one dictionary for each running run."""
        return [
            {
                "nodeId": f"{self.name}-{number}",
                "nodeState": "running",
                "runId": run.id,
                "privateIpAddress": "127.0.0.1",
                "publicIpAddress": None,
                "port": None,
            }
            for number, run in enumerate(self.get_active_runs(status="Running"))
        ]

    def get_active_runs(
        self, type: str | None = None, tags: Filter = None, properties: Filter = None, status: str | None = None
    ) -> Iterator[Run]:
        """The runs on this target that have not ended."""
        found: Iterator[Run] = late("run", "Run").list_by_compute(self, type, tags, properties, status)
        return found

    def serialize(self) -> dict[str, Any]:
        serialized = super().serialize()
        serialized["properties"]["properties"] = {
            "vmSize": self.vm_size,
            "vmPriority": self.vm_priority,
            "scaleSettings": self.scale_settings.serialize(),
        }
        serialized["properties"]["status"] = self.status.serialize()
        return serialized

    def add_identity(self, identity_type: str, identity_id: Any = None) -> None:
        raise not_built("AmlCompute.add_identity", "runs use the account that the server runs under")

    def remove_identity(self, identity_id: Any = None) -> None:
        raise not_built("AmlCompute.remove_identity", "runs use the account that the server runs under")

    @staticmethod
    def supported_vmsizes(workspace: Workspace, location: str | None = None) -> builtins.list[dict[str, Any]]:
        """The one size there is: the server's own machine. Any other ``vm_size`` is accepted and recorded."""
        return [{"name": LOCAL_SIZE, "vCPUs": None, "gpus": None, "memoryGB": None, "maxResourceVolumeMB": None}]

    @staticmethod
    def list_usages(
        workspace: Workspace, show_all: bool = False, location: str | None = None
    ) -> builtins.list[dict[str, Any]]:
        raise not_built("AmlCompute.list_usages", "a machine of one's own has no quota; see get_status()")

    @staticmethod
    def list_quotas(workspace: Workspace, location: str | None = None) -> builtins.list[dict[str, Any]]:
        raise not_built("AmlCompute.list_quotas", "a machine of one's own has no quota; max_nodes limits a target")

    @staticmethod
    def update_quotas(workspace: Workspace, vm_family: Any, limit: Any = None, location: str | None = None) -> Any:
        raise not_built("AmlCompute.update_quotas", "a machine of one's own has no quota; max_nodes limits a target")


def _check_name(name: str) -> None:
    if check_compute(name).lower() in RESERVED_NAMES:
        raise ComputeTargetException(f"{name!r} is reserved: {', '.join(RESERVED_NAMES)} cannot name a compute target.")


def _class_of(kind: str) -> type[ComputeTarget]:
    if kind != "AmlCompute":
        raise Unsupported(f"Compute targets of the type {kind} are not known to this version: update Zaffre.")
    return AmlCompute
