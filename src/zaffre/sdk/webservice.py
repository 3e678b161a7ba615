"""``Webservice``: a deployed service of the workspace, whatever it runs on."""

from __future__ import annotations

import builtins
import datetime
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zaffre.core import entities, wire
from zaffre.core.errors import AzureMLException, Category, WebserviceException, WebserviceExists, WebserviceNotFound
from zaffre.core.rollout import Rollout, changed
from zaffre.core.states import ServiceState
from zaffre.core.telemetry_wire import ServiceMetrics
from zaffre.sdk import scoring, service_metrics, service_spec
from zaffre.sdk.late import late
from zaffre.sdk.model_lookup import Tags, matches, pairs, texts
from zaffre.sdk.times import iso, moment
from zaffre.sdk.unbuilt import not_built

if TYPE_CHECKING:
    from zaffre.sdk.environment import Environment
    from zaffre.sdk.image import Image
    from zaffre.sdk.image_config import ContainerImageConfig
    from zaffre.sdk.model import Model
    from zaffre.sdk.webservice_local import LocalWebservice, LocalWebserviceDeploymentConfiguration
    from zaffre.sdk.workspace import Workspace

_USE_DEPLOY = "deploy with Model.deploy, an InferenceConfig and LocalWebservice.deploy_configuration()"
_KINDS = {
    "Local": ("webservice_local", "LocalWebservice"),
    "ACI": ("webservice_aci", "AciWebservice"),
    "AKS": ("webservice_aks", "AksWebservice"),
    "AKSENDPOINT": ("endpoint_aks", "AksEndpoint"),
}


class WebserviceDeploymentConfiguration:
    """How and where to deploy; made by ``deploy_configuration`` of a kind of web service."""

    def __init__(
        self,
        type: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        primary_key: str | None = None,
        secondary_key: str | None = None,
        location: str | None = None,
    ) -> None:
        self._webservice_type = type
        self.description = description
        self.tags = texts("tags", tags)
        self.properties = texts("properties", properties)
        self.primary_key = primary_key
        self.secondary_key = secondary_key
        self.location = location
        self._rollout: Rollout | None = None

    @property
    def rollout(self) -> Rollout | None:
        """How a new revision comes to serve, where that is not as usual: set it to a ``Rollout``, or a dictionary of
        its values: ``preflight``, ``bake_seconds``, ``max_error_rate``, ``max_latency_ms``, ``min_requests``."""
        return self._rollout

    @rollout.setter
    def rollout(self, wanted: Rollout | Mapping[str, Any] | None) -> None:
        self._rollout = changed(Rollout(), wanted) if isinstance(wanted, Mapping) else wanted

    def validate_configuration(self) -> None:
        """Raise ``WebserviceException`` for values that cannot be."""

    def print_deploy_configuration(self) -> None:
        held = {key.lstrip("_"): value for key, value in vars(self).items() if value and "key" not in key}
        print(json.dumps(held, default=str))

    @classmethod
    def validate_image(cls, image: Image | None) -> None:
        """Raise ``WebserviceException`` unless the image is made."""
        if image is None or image.creation_state != "Succeeded":
            raise WebserviceException("The image is not made: call image.wait_for_creation() first.")


class WebServiceAccessToken:
    """A token for a service with token authentication; local services have none, so nothing here makes one."""

    def __init__(
        self, access_token: str, token_type: str, refresh_after: datetime.datetime, expiry_on: datetime.datetime
    ) -> None:
        self.access_token = access_token
        self.token_type = token_type
        self.refresh_after = refresh_after
        self.expiry_on = expiry_on

    def serialize(self) -> dict[str, str]:
        return {
            "accessToken": self.access_token,
            "tokenType": self.token_type,
            "refreshAfter": self.refresh_after.isoformat(),
            "expiryOn": self.expiry_on.isoformat(),
        }


class Webservice:
    """A service by its name; raises ``WebserviceNotFound``. What it is made of was read when it was made: call
    ``update_deployment_state()`` to read it again."""

    _kind: str | None = None  # the compute type of every service of this class; None: any

    def __new__(cls, *args: Any, **kwargs: Any) -> Webservice:
        if cls is not Webservice:
            return object.__new__(cls)
        given = {**dict(zip(("workspace", "name"), args, strict=False)), **kwargs}
        service = find_service(given["workspace"], given["name"]) if {"workspace", "name"} <= given.keys() else None
        return object.__new__(Webservice if service is None else _kind_of(service))

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace = workspace
        self.name = name
        self._service = self._read()

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(workspace={self.workspace!r}, name={self.name}, "
            f"compute_type={self.compute_type}, state={self.state})"
        )

    # --- what it is ---

    @property
    def state(self) -> str:
        return self._service.state.value

    @property
    def compute_type(self) -> str:
        return self._service.compute_type

    @property
    def scoring_uri(self) -> str | None:
        """None until the service has answered for the first time."""
        return self._service.scoring_uri

    @property
    def swagger_uri(self) -> str | None:
        return self._service.swagger_uri

    @property
    def _is_serving(self) -> bool:
        return self._service.state is ServiceState.RUNNING

    @property
    def auth_enabled(self) -> bool:
        return self._service.auth_enabled

    @property
    def token_auth_enabled(self) -> bool:
        return self._service.token_auth_enabled

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._service.tags)

    @property
    def properties(self) -> dict[str, str]:
        return dict(self._service.properties)

    @property
    def description(self) -> str:
        return self._service.description

    @property
    def created_time(self) -> datetime.datetime:
        return moment(self._service.created_at)

    @property
    def updated_time(self) -> datetime.datetime:
        return moment(self._service.updated_at)

    @property
    def created_by(self) -> str:
        return self._service.created_by

    @property
    def error(self) -> dict[str, Any] | None:
        """Why the last deployment failed: ``code``, ``message`` and ``details`` (``step``, ``traceback``, ``log``)."""
        error = self._service.error
        return None if error is None else {"code": error.code, "message": error.message, "details": error.details}

    @property
    def rollout(self) -> Rollout:
        """How a new revision comes to serve: what is tried before, and what is watched after."""
        return service_spec.current(self._service).rollout

    def set_rollout(self, **values: Any) -> None:
        """Change how the next revision comes to serve: ``preflight``, ``bake_seconds``, ``max_error_rate``,
        ``max_latency_ms``, ``min_requests``. Raises ``InvalidValue``."""
        self._patch(wire.ServicePatch(rollout=changed(self.rollout, values)))

    @property
    def image(self) -> Image | None:
        """The image that it was deployed from, if it was from one and this machine's engine has it."""
        found: Image | None = late("image", "Image")(self.workspace, id=self.image_id) if self.image_id else None
        return found

    @property
    def image_id(self) -> str | None:
        held = service_spec.current(self._service).recorded.get("image_id")
        return str(held) if held else None

    @property
    def image_digest(self) -> None:
        return None

    @property
    def environment(self) -> Environment:
        """The environment that it runs in."""
        spec = service_spec.current(self._service)
        environment: Environment = late("environment", "Environment")._from_definition(
            spec.environment, spec.environment_name or None, spec.environment_version
        )
        ask = late("environment_local", "lock_of")
        environment._ask_lock = lambda: ask(self.workspace._scope, "services", self.name)
        return environment

    @property
    def models(self) -> builtins.list[Model]:
        """The registered models that it serves, in the order they were given."""
        model = late("model", "Model")
        return [model(self.workspace, id=one) for one in self._service.models]

    @property
    def steps(self) -> builtins.list[entities.DeploymentStep]:
        """The steps of the last deployment with their times."""
        return builtins.list(self._service.steps)

    def serialize(self) -> dict[str, Any]:
        service = self._service
        return {
            "name": service.name,
            "description": service.description,
            "tags": dict(service.tags),
            "properties": dict(service.properties),
            "state": self.state,
            "createdTime": iso(service.created_at),
            "updatedTime": iso(service.updated_at),
            "error": self.error,
            "computeType": service.compute_type,
            "workspaceName": service.workspace,
            "imageId": self.image_id,
            "scoringUri": service.scoring_uri,
            "swaggerUri": service.swagger_uri,
            "port": service.port,
            "models": builtins.list(service.models),
        }

    @classmethod
    def deserialize(cls, workspace: Workspace, webservice_payload: Mapping[str, Any] | None) -> Webservice | None:
        """The service that a payload of ``serialize`` names, as it is now; None for None."""
        return None if webservice_payload is None else cls(workspace, webservice_payload["name"])

    # --- find ---

    @staticmethod
    def list(
        workspace: Workspace,
        compute_type: str | None = None,
        image_name: str | None = None,
        image_id: str | None = None,
        model_name: str | None = None,
        model_id: str | None = None,
        tags: Tags | None = None,
        properties: Tags | None = None,
        image_digest: str | None = None,
    ) -> builtins.list[Webservice]:
        """The services of a workspace, by what they serve and how they are tagged."""
        if image_digest:
            return []  # images here have names and no digests of a registry
        scope = workspace._scope
        wanted_tags, wanted_properties = pairs("tags", tags), pairs("properties", properties)
        found = []
        for service in scope.client.items(scope.path("services"), entities.Service, model=model_id or model_name):
            kind = compute_type is None or compute_type.upper() == service.compute_type.upper()
            if not _is_of_image(service, image_name, image_id):
                continue
            if kind and matches(service.tags, wanted_tags) and matches(service.properties, wanted_properties):
                found.append(_of(workspace, service))
        return found

    @staticmethod
    def check_for_existing_webservice(
        workspace: Workspace, name: str, overwrite: bool = False, request_func: object = None, check_func: object = None
    ) -> None:
        """Raise ``WebserviceExists`` when there is a service of that name, unless it may be overwritten."""
        if not overwrite and find_service(workspace, name) is not None:
            raise WebserviceExists(
                f"There is a service named {name} already: choose another name, delete it, update it with "
                "service.update(), or pass overwrite=True."
            )

    # --- use ---

    def run(self, input: str | bytes) -> Any:
        """Score: the service's answer, parsed. Raises ``WebserviceException`` with the status and body of a refusal."""
        if self.scoring_uri is None:
            self.update_deployment_state()
        if self.scoring_uri is None:
            raise WebserviceException(
                f"The service {self.name} is {self.state} and has no address yet: call wait_for_deployment() first."
            )
        return scoring.score(self.name, self.scoring_uri, input)

    def get_logs(self, num_lines: int = 5000, init: bool = False) -> str:
        """The last lines of the service's log: its deployment, and what the entry script printed."""
        if init:
            raise not_built("get_logs(init=True)", "call get_logs(): what init() printed is in the same log")
        scope = self.workspace._scope
        text = scope.client.read(scope.path("services", self.name, "logs")).decode("utf-8", "replace")
        return "\n".join(text.splitlines()[-num_lines:]) if num_lines > 0 else ""

    def get_collected_data(self, designation: str | None = None, **wanted: Any) -> Any:
        """What it has collected of its inputs and predictions, as a pandas frame: see ``collected_data.frame``."""
        return late("collected_data", "frame")(self.workspace, self.name, designation, **wanted)

    def get_metrics(
        self,
        since: service_metrics.Moment | None = None,
        until: service_metrics.Moment | None = None,
        points: int | None = None,
        revision: int | None = None,
    ) -> ServiceMetrics:
        """What the service answered and used, by default in the last hour; at most some 10 seconds old.

        ``since`` and ``until`` are datetimes, timedeltas or texts such as ``"15m"`` and ``"7d"`` (how long ago).
        ``points`` (240) is how many steps there are at most; each of ``.points``, and ``.total`` over the whole time
        (None when nothing was heard), has ``start`` (milliseconds since the epoch), ``seconds`` observed,
        ``requests``, ``requests_per_second``, ``client_errors`` (4xx), ``server_errors`` (5xx), ``statuses`` (counts
        by status), ``failures`` of ``run()``, ``mean_ms``, ``p50_ms``, ``p95_ms``, ``p99_ms`` (milliseconds from a
        request's arrival to its answer, percentiles within 1 %; None without requests), ``cpu_cores`` in use,
        ``memory_bytes`` and ``workers`` (processes that could answer; the most). ``revision`` asks for that one alone.
        """
        return service_metrics.read(self.workspace._scope, self.name, since, until, points, revision)

    def update_deployment_state(self) -> None:
        """Read the service's state anew."""
        self._service = self._read()

    def add_tags(self, tags: Mapping[str, str]) -> None:
        self._patch(wire.ServicePatch(tags=texts("tags", tags)))

    def remove_tags(self, tags: Sequence[str]) -> None:
        self._patch(wire.ServicePatch(remove_tags=builtins.list(tags)))

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Add properties; one that is set never changes."""
        self._patch(wire.ServicePatch(properties=texts("properties", properties)))

    def get_keys(self) -> tuple[str, str]:
        raise _no_keys()

    def regen_key(self, key: str, set_key: str | None = None) -> None:
        raise _no_keys()

    def get_token(self) -> tuple[str, datetime.datetime]:
        raise _no_keys()

    def wait_for_deployment(self, show_output: bool = False, timeout_sec: float | None = None) -> None:
        raise not_built(f"wait_for_deployment of a {self.compute_type} service", _USE_DEPLOY)

    def update(self, *args: Any, **kwargs: Any) -> None:
        raise not_built(f"update of a {self.compute_type} service", _USE_DEPLOY)

    def delete(self) -> None:
        """Stop and delete the service."""
        scope = self.workspace._scope
        scope.client.delete(scope.path("services", self.name))

    # --- older ways to deploy ---

    @staticmethod
    def deploy(
        workspace: Workspace,
        name: str,
        model_paths: Sequence[str],
        image_config: ContainerImageConfig,
        deployment_config: object = None,
        deployment_target: object = None,
        overwrite: bool = False,
    ) -> Webservice:
        """Register each file or folder as a model under its own name, and deploy them."""
        made: Webservice = late("older_deployment", "deploy")(
            workspace, name, model_paths, image_config, deployment_config, deployment_target, overwrite
        )
        return made

    @staticmethod
    def deploy_from_model(
        workspace: Workspace,
        name: str,
        models: Sequence[Model],
        image_config: ContainerImageConfig,
        deployment_config: object = None,
        deployment_target: object = None,
        overwrite: bool = False,
    ) -> Webservice:
        """Deploy models with the script and environment that ``image_config`` names."""
        made: Webservice = late("older_deployment", "deploy_from_model")(
            workspace, name, models, image_config, deployment_config, deployment_target, overwrite
        )
        return made

    @staticmethod
    def deploy_from_image(
        workspace: Workspace,
        name: str,
        image: Image,
        deployment_config: object = None,
        deployment_target: object = None,
        overwrite: bool = False,
    ) -> Webservice:
        """A service of what an image is made of: the same environment, source and models, in a container."""
        made: Webservice = late("older_deployment", "deploy_from_image")(
            workspace, name, image, deployment_config, deployment_target, overwrite
        )
        return made

    @staticmethod
    def deploy_local_from_model(
        workspace: Workspace,
        name: str,
        models: Sequence[Model],
        image_config: ContainerImageConfig,
        deployment_config: LocalWebserviceDeploymentConfiguration | None = None,
        wait: bool = False,
    ) -> LocalWebservice:
        made: LocalWebservice = late("older_deployment", "deploy_local_from_model")(
            workspace, name, models, image_config, deployment_config, wait
        )
        return made

    def _read(self) -> entities.Service:
        service = find_service(self.workspace, self.name)
        if service is None or self._kind not in (None, service.compute_type):
            raise WebserviceNotFound(
                f"WebserviceNotFound: Webservice with name {self.name} not found in provided workspace "
                f"{self.workspace.name}."
            )
        return service

    def _patch(self, patch: wire.ServicePatch) -> None:
        scope = self.workspace._scope
        self._service = scope.client.patch(scope.path("services", self.name), entities.Service, patch)


class UnknownWebservice(Webservice):
    """A service of a kind that this version does not know."""


def find_service(workspace: Workspace, name: str) -> entities.Service | None:
    """The service of that name, or None when there is none or it was deleted."""
    scope = workspace._scope
    try:
        service = scope.client.get(scope.path("services", name), entities.Service)
    except WebserviceNotFound:
        return None
    except AzureMLException as error:
        if error.category is Category.NOT_FOUND and error.code == "NotFound":
            return None
        raise
    return None if service.state is ServiceState.DELETED else service


def _of(workspace: Workspace, service: entities.Service) -> Webservice:
    """A handle of a service that was just read."""
    handle: Webservice = object.__new__(_kind_of(service))
    handle.workspace, handle.name, handle._service = workspace, service.name, service
    return handle


def _is_of_image(service: entities.Service, name: str | None, id: str | None) -> bool:
    """Whether a service was deployed from an image of this name and id, where one is wanted."""
    if not (name or id):
        return True
    held = str(service_spec.current(service).recorded.get("image_id") or "")
    return bool(held) and name in (None, held.rpartition(":")[0]) and id in (None, held)


def _kind_of(service: entities.Service) -> type[Webservice]:
    """The class of such services."""
    if service.compute_type not in _KINDS:
        return UnknownWebservice
    kind: type[Webservice] = late(*_KINDS[service.compute_type])
    return kind


def _no_keys() -> NotImplementedError:
    # Azure's own class here, which scripts catch to tell a local service from another.
    return NotImplementedError("A local service has no authentication, so it has no keys and no tokens.")
