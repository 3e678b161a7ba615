"""``Workspace``: where experiments, models, environments, computes and services live."""

from __future__ import annotations

import builtins
import sys
from typing import TYPE_CHECKING, Any, Final

from zaffre.core import contract, entities, limits, names, wire
from zaffre.core.errors import UserErrorException, WorkspaceNotFound
from zaffre.sdk.authentication import AbstractAuthentication
from zaffre.sdk.client import Client
from zaffre.sdk.discovery import connect, in_run
from zaffre.sdk.late import late
from zaffre.sdk.scope import Scope
from zaffre.sdk.unbuilt import not_built
from zaffre.sdk.workspace_config import WorkspaceReference, find_config, read_config, write_config

if TYPE_CHECKING:
    from zaffre.sdk.compute import ComputeTarget
    from zaffre.sdk.datastore import AbstractDatastore
    from zaffre.sdk.environment import Environment
    from zaffre.sdk.experiment import Experiment
    from zaffre.sdk.model import Model
    from zaffre.sdk.run import Run
    from zaffre.sdk.webservice import Webservice

_TOOLKIT_TAG: Final = "createdByToolkit"


class Workspace:
    """A workspace of the Zaffre server that this process uses.

    ``auth`` is accepted for Azure's sake wherever it appears and decides nothing: the server's own token does.
    """

    DEFAULT_CPU_CLUSTER_NAME = "cpu-cluster"
    DEFAULT_GPU_CLUSTER_NAME = "gpu-cluster"

    def __init__(
        self,
        subscription_id: str,
        resource_group: str,
        workspace_name: str,
        auth: AbstractAuthentication | None = None,
        _location: str | None = None,
        _disable_service_check: bool = False,
        _workspace_id: str | None = None,
        sku: str = "basic",
        tags: dict[str, str] | None = None,
        _cloud: str = "AzureCloud",
        *,
        _client: Client | None = None,
    ) -> None:
        """Raises ``WorkspaceNotFound`` on a team server that has no such workspace; the embedded one makes it."""
        self._reference = WorkspaceReference(subscription_id, resource_group, names.check_workspace(workspace_name))
        self._auth = auth
        self._scope = Scope(_client or connect(), workspace_name)
        if not _disable_service_check:
            _open(self._scope.client, self._reference)

    @classmethod
    def _of(cls, client: Client, entity: entities.Workspace) -> Workspace:
        """A handle of a workspace that was just read."""
        return cls(
            entity.subscription_id, entity.resource_group, entity.name, _disable_service_check=True, _client=client
        )

    @staticmethod
    def from_config(
        path: str | None = None,
        auth: AbstractAuthentication | None = None,
        _logger: object = None,
        _file_name: str | None = None,
    ) -> Workspace:
        """The workspace that ``config.json`` names, in Azure's shapes, searched for as Azure's SDK does.

        Looked for in ``.azureml``, then ``aml_config``, then directly, each from ``path`` (default: the current
        folder) up to the root. The embedded server makes the workspace on first use. Inside a run that has no such
        file it is the run's workspace.
        """
        try:
            file = find_config(path, _file_name)
        except UserErrorException:
            workspace: Workspace | None = late("run_context", "run_workspace")() if in_run() else None
            if workspace is None:
                raise
            return workspace
        reference = read_config(file)
        return Workspace(reference.subscription_id, reference.resource_group, reference.workspace_name, auth)

    @staticmethod
    def get(
        name: str,
        auth: AbstractAuthentication | None = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        cloud: str = "AzureCloud",
        id: str | None = None,
    ) -> Workspace:
        """An existing workspace; raises ``WorkspaceNotFound``.

        With ``subscription_id`` and ``resource_group``, as scripts written for Azure call it, the embedded server
        makes the workspace on first use.
        """
        if subscription_id and resource_group:
            return Workspace(subscription_id, resource_group, name, auth)
        names.check_workspace(name)
        client = connect()
        workspace = Workspace._of(client, _read(client, name))
        if id is not None and workspace._entity().id != id:
            raise WorkspaceNotFound(f"The workspace {name} has another id than {id}: leave the id out.")
        return workspace

    @staticmethod
    def create(
        name: str,
        auth: AbstractAuthentication | None = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        create_resource_group: bool = True,
        sku: str = "basic",
        tags: dict[str, str] | None = None,
        friendly_name: str | None = None,
        storage_account: str | None = None,
        key_vault: str | None = None,
        app_insights: str | None = None,
        container_registry: str | None = None,
        adb_workspace: str | None = None,
        primary_user_assigned_identity: str | None = None,
        cmk_keyvault: str | None = None,
        resource_cmk_uri: str | None = None,
        hbi_workspace: bool = False,
        default_cpu_compute_target: object = None,
        default_gpu_compute_target: object = None,
        private_endpoint_config: object = None,
        private_endpoint_auto_approval: bool = True,
        exist_ok: bool = False,
        show_output: bool = True,
        user_assigned_identity_for_cmk_encryption: str | None = None,
        system_datastores_auth_mode: str = "accessKey",
        v1_legacy_mode: bool | None = None,
    ) -> Workspace:
        """A new workspace; raises ``WorkspaceExists`` when there is one of that name and ``exist_ok`` is False, and
        ``Unsupported`` for arguments that name resources of Azure. ``location`` is recorded.
        """
        _refuse_azure(
            storage_account=storage_account,
            key_vault=key_vault,
            app_insights=app_insights,
            container_registry=container_registry,
            adb_workspace=adb_workspace,
            primary_user_assigned_identity=primary_user_assigned_identity,
            cmk_keyvault=cmk_keyvault,
            resource_cmk_uri=resource_cmk_uri,
            hbi_workspace=hbi_workspace or None,
            private_endpoint_config=private_endpoint_config,
            user_assigned_identity_for_cmk_encryption=user_assigned_identity_for_cmk_encryption,
        )
        client = connect()
        body = wire.WorkspaceCreate(
            name=names.check_workspace(name),
            subscription_id=subscription_id,
            resource_group=resource_group,
            location=location,
            friendly_name=friendly_name or "",
            tags={**(tags or {}), _TOOLKIT_TAG: f"sdk-v1-{late('version', 'VERSION')}"},
            exist_ok=exist_ok,
        )
        workspace = Workspace._of(client, client.post("/api/v1/workspaces", wire.WorkspaceAnswer, body).workspace)
        _add_clusters(workspace, default_cpu_compute_target, default_gpu_compute_target)
        if show_output:
            print(f"Workspace {name} is ready: {workspace._scope.portal()}")
        return workspace

    @staticmethod
    def list(
        subscription_id: str, auth: AbstractAuthentication | None = None, resource_group: str | None = None
    ) -> dict[str, builtins.list[Workspace]]:
        """The server's workspaces by name: those of this subscription (and group), and those made without one."""
        client = connect()
        found: dict[str, builtins.list[Workspace]] = {}
        for entity in client.items("/api/v1/workspaces", entities.Workspace):
            subscriptions = (subscription_id, contract.DEFAULT_SUBSCRIPTION)
            groups = (resource_group or entity.resource_group, contract.DEFAULT_RESOURCE_GROUP)
            if entity.subscription_id in subscriptions and entity.resource_group in groups:
                found.setdefault(entity.name, []).append(Workspace._of(client, entity))
        return found

    @staticmethod
    def setup() -> Workspace:
        """The same as ``from_config()``."""
        return Workspace.from_config()

    def __repr__(self) -> str:
        return (
            f"Workspace.create(name={self.name!r}, subscription_id={self.subscription_id!r}, "
            f"resource_group={self.resource_group!r})"
        )

    def _entity(self) -> entities.Workspace:
        return _read(self._scope.client, self.name)

    def _patch(self, patch: wire.WorkspacePatch) -> entities.Workspace:
        return self._scope.client.patch(self._scope.path(), entities.Workspace, patch)

    @property
    def name(self) -> str:
        return self._scope.workspace

    @property
    def subscription_id(self) -> str:
        return self._reference.subscription_id

    @property
    def resource_group(self) -> str:
        return self._reference.resource_group

    @property
    def location(self) -> str:
        return self._entity().location

    @property
    def sku(self) -> str:
        return "basic"

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._entity().tags)

    @property
    def discovery_url(self) -> str:
        return f"{self._scope.client.url}/api/v1/server"

    @property
    def service_context(self) -> Any:
        raise not_built("Workspace.service_context", "use the methods of Workspace, Experiment and Run")

    def write_config(self, path: str | None = None, file_name: str | None = None) -> None:
        """Write ``.azureml/config.json`` (or ``aml_config/`` where that folder exists) under ``path``."""
        write_config(self._reference, path, file_name)

    def get_details(self) -> dict[str, Any]:
        """The workspace in Azure's keys; those that name resources of Azure are None."""
        entity = self._entity()
        return {
            "id": self._reference.scope,
            "name": entity.name,
            "location": entity.location,
            "type": "Microsoft.MachineLearningServices/workspaces",
            "tags": dict(entity.tags),
            "sku": "Basic",
            "workspaceid": entity.id,
            "description": entity.description,
            "friendlyName": entity.friendly_name or entity.name,
            "creationTime": late("times", "iso")(entity.created_at),
            "containerRegistry": None,
            "keyVault": None,
            "applicationInsights": None,
            "storageAccount": None,
            "hbiWorkspace": False,
            "provisioningState": "Succeeded",
            "imageBuildCompute": "",
            "discoveryUrl": self.discovery_url,
            "notebookInfo": None,
            "v1LegacyMode": False,
        }

    def get_mlflow_tracking_uri(self, _with_auth: bool = False) -> str:
        """An http URI for ``mlflow.set_tracking_uri``; it carries a token, ``_with_auth`` or not.

        The token expires after an hour, or ZAFFRE_MLFLOW_TOKEN_SECONDS; a client that is given a new URI goes on. An
        ``azureml://`` URI needs no new one. Inside a run it carries the run's token.
        """
        access, _ = late("mlflow_address", "mlflow_access")(self._scope)
        return str(access.uri)

    def delete(self, delete_dependent_resources: bool = False, no_wait: bool = False) -> None:
        """Delete the workspace with everything in it. Its files go with it, so ``delete_dependent_resources`` and
        ``no_wait`` change nothing."""
        self._scope.client.delete(self._scope.path())

    def update(
        self,
        friendly_name: str | None = None,
        description: str | None = None,
        tags: dict[str, str] | None = None,
        image_build_compute: str | None = None,
        service_managed_resources_settings: object = None,
        primary_user_assigned_identity: str | None = None,
        allow_public_access_when_behind_vnet: bool | None = None,
        v1_legacy_mode: bool | None = None,
    ) -> dict[str, Any]:
        """Change what is given; returns ``get_details()``. ``tags`` replaces all tags."""
        _refuse_azure(
            image_build_compute=image_build_compute,
            service_managed_resources_settings=service_managed_resources_settings,
            primary_user_assigned_identity=primary_user_assigned_identity,
            allow_public_access_when_behind_vnet=allow_public_access_when_behind_vnet,
        )
        self._patch(wire.WorkspacePatch(friendly_name=friendly_name, description=description, tags=tags))
        return self.get_details()

    @property
    def experiments(self) -> dict[str, Experiment]:
        experiment = late("experiment", "Experiment")
        return {one.name: one for one in experiment.list(self)}

    @property
    def models(self) -> dict[str, Model]:
        """The latest version of each model, by name."""
        return {model.name: model for model in late("model", "Model").list(self, latest=True)}

    @property
    def environments(self) -> dict[str, Environment]:
        return dict(late("environment", "Environment").list(self))

    @property
    def compute_targets(self) -> dict[str, ComputeTarget]:
        return {target.name: target for target in late("compute", "ComputeTarget").list(self)}

    @property
    def webservices(self) -> dict[str, Webservice]:
        return {service.name: service for service in late("webservice", "Webservice").list(self)}

    @property
    def datastores(self) -> dict[str, AbstractDatastore]:
        return dict(late("datastore", "list_datastores")(self))

    @property
    def datasets(self) -> dict[str, Any]:
        raise not_built("Workspace.datasets", "read files from a datastore (ws.get_default_datastore().download(...))")

    @property
    def images(self) -> dict[str, Any]:
        """The newest image of each name that this machine's engine has."""
        found = late("image", "Image").list(self)
        return {image.name: image for image in reversed(found)}

    @property
    def linked_services(self) -> dict[str, Any]:
        raise not_built("Workspace.linked_services", "Zaffre links no services of Azure")

    @property
    def private_endpoints(self) -> dict[str, Any]:
        raise not_built("Workspace.private_endpoints", "put the server behind the network that should reach it")

    def get_run(self, run_id: str) -> Run:
        """A run of any experiment, as the class of its type; raises ``NotFound``."""
        run: Run = late("run", "Run").get(self, run_id)
        return run

    def get_default_datastore(self) -> AbstractDatastore:
        store: AbstractDatastore = late("datastore", "Datastore").get_default(self)
        return store

    def set_default_datastore(self, name: str) -> None:
        self._patch(wire.WorkspacePatch(default_datastore=name))

    def get_default_compute_target(self, type: str) -> ComputeTarget | None:
        """The cluster named ``cpu-cluster`` or ``gpu-cluster`` for "CPU" or "GPU"; None when there is none."""
        by_type = {"CPU": self.DEFAULT_CPU_CLUSTER_NAME, "GPU": self.DEFAULT_GPU_CLUSTER_NAME}
        if type.upper() not in by_type:
            raise UserErrorException(f"{type!r} is not a kind of default compute target: use CPU or GPU.")
        return self.compute_targets.get(by_type[type.upper()])

    def get_default_keyvault(self) -> Any:
        raise not_built("Workspace.get_default_keyvault", "pass secrets to runs as environment variables")

    def list_keys(self) -> Any:
        raise not_built("Workspace.list_keys", "a workspace here has no storage account or registry of its own")

    def sync_keys(self, no_wait: bool = False) -> None:
        raise not_built("Workspace.sync_keys", "a workspace here has no storage account whose keys could change")

    def update_dependencies(self, container_registry: str | None = None, force: bool = False) -> Workspace:
        raise not_built("Workspace.update_dependencies", "a workspace here depends on no container registry")

    def diagnose_workspace(self, diagnose_parameters: object) -> Any:
        raise not_built("Workspace.diagnose_workspace", "run `zaffre doctor`")

    def set_connection(self, name: str, category: str, target: str, authType: str, value: str) -> Any:
        raise not_built("Workspace.set_connection", "give environments the credentials they need directly")

    def list_connections(self, category: str | None = None, target: str | None = None) -> Any:
        raise not_built("Workspace.list_connections", "a workspace here has no connections")

    def get_connection(self, name: str) -> Any:
        raise not_built("Workspace.get_connection", "a workspace here has no connections")

    def delete_connection(self, name: str) -> Any:
        raise not_built("Workspace.delete_connection", "a workspace here has no connections")

    def add_private_endpoint(
        self,
        private_endpoint_config: object,
        private_endpoint_auto_approval: bool = True,
        location: str | None = None,
        show_output: bool = True,
        tags: dict[str, str] | None = None,
    ) -> Any:
        raise not_built("Workspace.add_private_endpoint", "put the server behind the network that should reach it")

    def delete_private_endpoint_connection(self, private_endpoint_connection_name: str) -> None:
        raise not_built("Workspace.delete_private_endpoint_connection", "a workspace here has no private endpoints")

    def _snapshot_limit(self) -> int:
        """Bytes that a snapshot of a source folder may have."""
        limit = self._entity().snapshot_limit_bytes
        return limits.SNAPSHOT_BYTES if limit is None else limit


def _read(client: Client, name: str) -> entities.Workspace:
    return client.get(client.ws(name), wire.WorkspaceAnswer).workspace


def _open(client: Client, reference: WorkspaceReference) -> entities.Workspace:
    """The workspace that was named by subscription, group and name; the embedded server makes it on first use."""
    name = reference.workspace_name
    try:
        return _read(client, name)
    except WorkspaceNotFound:
        if client.get("/api/v1/server", wire.ServerInfo).team:
            raise
    body = wire.WorkspaceCreate(
        name=name,
        subscription_id=reference.subscription_id,
        resource_group=reference.resource_group,
        exist_ok=True,
    )
    answer = client.post("/api/v1/workspaces", wire.WorkspaceAnswer, body)
    if answer.created:
        print(f"Zaffre made the workspace {name} on {client.url} (first use).", file=sys.stderr)
    return answer.workspace


def _add_clusters(workspace: Workspace, cpu: object, gpu: object) -> None:
    """Create the default compute targets for which there is a configuration."""
    for name, configuration in ((workspace.DEFAULT_CPU_CLUSTER_NAME, cpu), (workspace.DEFAULT_GPU_CLUSTER_NAME, gpu)):
        if configuration is not None:
            late("compute", "ComputeTarget").create(workspace, name, configuration)


def _refuse_azure(**arguments: object) -> None:
    """Raise for arguments that name resources of Azure and cannot be honoured."""
    given = [name for name, value in arguments.items() if value is not None]
    if given:
        raise not_built(f"A workspace with {', '.join(given)}", "leave these out, all is kept on the server")
