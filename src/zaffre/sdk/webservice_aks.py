"""``AksWebservice``: a service that the server keeps running on its own machine, as processes or in a container."""

from __future__ import annotations

import builtins
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from zaffre.core import contract, entities, service_wire, wire
from zaffre.core.endpoint_wire import AccessToken
from zaffre.core.errors import Unsupported, WebserviceException
from zaffre.environments import image_spec
from zaffre.sdk import aks_requirements, aks_settings, service_spec
from zaffre.sdk.aks_requirements import AutoScaler, ContainerResourceRequirements, LivenessProbeRequirements
from zaffre.sdk.aks_settings import AksServiceDeploymentConfiguration
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model_lookup import Tags, texts
from zaffre.sdk.times import moment
from zaffre.sdk.unbuilt import not_built
from zaffre.sdk.webservice import Webservice, WebServiceAccessToken
from zaffre.sdk.webservice_server import ServerWebservice, registered_models

if TYPE_CHECKING:
    from zaffre.sdk.model import Model
    from zaffre.sdk.workspace import Workspace

_NOT_GIVEN: Final = ("self", "__class__", "kwargs", "version_name")
_NOT_SETTINGS: Final = (
    "self", "__class__", "kwargs", "image", "models", "inference_config", "tags", "properties", "description",
    "auth_enabled", "token_auth_enabled", "version_name", "traffic_percentile", "is_default",
    "is_control_version_type",
)  # fmt: skip


class AksServiceAccessToken(WebServiceAccessToken):
    """A token for a service: sent as ``Authorization: Bearer <access_token>`` it opens it until ``expiry_on``."""

    @staticmethod
    def deserialize(payload_obj: Mapping[str, str]) -> AksServiceAccessToken:
        """The inverse of ``serialize``."""
        refresh, expiry = (datetime.datetime.fromisoformat(payload_obj[key]) for key in ("refreshAfter", "expiryOn"))
        return AksServiceAccessToken(payload_obj["accessToken"], payload_obj["tokenType"], refresh, expiry)


class AksWebservice(ServerWebservice):
    """A service by its name; raises ``WebserviceNotFound``."""

    _kind = "AKS"
    _token: AksServiceAccessToken | None = None  # for run(), made when it is needed
    deploy_configuration = staticmethod(AksServiceDeploymentConfiguration)

    @property
    def num_replicas(self) -> int | None:
        """How many processes answer requests; None where their number follows the load: see ``autoscaler``."""
        held = service_spec.current(self._service).environment_variables.get(aks_settings.WORKERS)
        return int(held) if held else None

    @property
    def autoscaler(self) -> AutoScaler:
        """Between what bounds the number of replicas follows the load."""
        return aks_requirements.autoscaler(service_spec.current(self._service))

    @property
    def container_resource_requirements(self) -> ContainerResourceRequirements:
        return aks_requirements.resources(service_spec.current(self._service))

    @property
    def liveness_probe_requirements(self) -> LivenessProbeRequirements | None:
        """None where no setting of a probe was given."""
        return aks_requirements.probe(service_spec.current(self._service))

    @property
    def scoring_timeout_ms(self) -> int:
        """How long a request may take, waiting included."""
        held = service_spec.current(self._service).environment_variables.get(contract.SCORING_TIMEOUT_MS)
        return int(held) if held else contract.CLUSTER_TIMEOUT_MS

    @property
    def max_request_wait_time(self) -> int | None:
        """How many milliseconds a request may wait for others; None: as long as ``scoring_timeout_ms``."""
        held = service_spec.current(self._service).environment_variables.get(contract.MAX_WAIT_MS)
        return int(held) if held else None

    @property
    def namespace(self) -> str | None:
        """As it was given; there are no namespaces here."""
        held: str | None = aks_settings.recorded(service_spec.current(self._service), "namespace")
        return held

    @property
    def compute_name(self) -> None:
        """There is no cluster: the service is on the server's machine."""
        return None

    def serialize(self) -> dict[str, Any]:
        spec = service_spec.current(self._service)
        probe = aks_requirements.probe(spec)
        return {
            **super().serialize(),
            "scoringUri": self.scoring_uri,
            "swaggerUri": self.swagger_uri,
            "authEnabled": self.auth_enabled,
            "tokenAuthEnabled": self.token_auth_enabled,
            "numReplicas": self.num_replicas,
            "scoringTimeoutMs": self.scoring_timeout_ms,
            "autoScaler": aks_requirements.autoscaler(spec).serialize(),
            "containerResourceRequirements": aks_requirements.resources(spec).serialize(),
            "livenessProbeRequirements": None if probe is None else probe.serialize(),
            "directUri": self.direct_uri,
        }

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
        """The services of this kind, by what they serve and how they are tagged."""
        return Webservice.list(
            workspace, compute_type or "AKS", image_name, image_id, model_name, model_id, tags, properties, image_digest
        )

    def get_access_token(self) -> AksServiceAccessToken:
        """A new token; returns when it opens the service.

        Raises ``WebserviceInvalid`` where token authentication is not enabled.
        """
        scope = self.workspace._scope
        made = scope.client.post(scope.path("services", self.name, "tokens"), AccessToken, {})
        times = moment(made.refresh_after), moment(made.expiry_on)
        token = self._token = AksServiceAccessToken(made.access_token, made.token_type, *times)
        self._await_keys()
        return token

    def get_token(self) -> tuple[str, datetime.datetime]:
        """A new token, and when to ask for the next one."""
        token = self.get_access_token()
        return token.access_token, token.refresh_after

    def _secrets(self) -> tuple[str, ...]:
        if not self.token_auth_enabled:
            return self.get_keys()
        now = datetime.datetime.now(datetime.timezone.utc)
        if self._token is None or self._token.refresh_after < now:
            self.get_access_token()
        assert self._token is not None
        return (self._token.access_token,)

    def update(
        self,
        image: object = None,
        autoscale_enabled: bool | None = None,
        autoscale_min_replicas: int | None = None,
        autoscale_max_replicas: int | None = None,
        autoscale_refresh_seconds: int | None = None,
        autoscale_target_utilization: int | None = None,
        collect_model_data: bool | None = None,
        auth_enabled: bool | None = None,
        cpu_cores: float | None = None,
        memory_gb: float | None = None,
        enable_app_insights: bool | None = None,
        scoring_timeout_ms: int | None = None,
        replica_max_concurrent_requests: int | None = None,
        max_request_wait_time: int | None = None,
        num_replicas: int | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        models: Sequence[Model | str] | None = None,
        inference_config: InferenceConfig | None = None,
        gpu_cores: int | None = None,
        period_seconds: int | None = None,
        initial_delay_seconds: int | None = None,
        timeout_seconds: int | None = None,
        success_threshold: int | None = None,
        failure_threshold: int | None = None,
        namespace: str | None = None,
        token_auth_enabled: bool | None = None,
        cpu_cores_limit: float | None = None,
        memory_gb_limit: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Change what is given; ``tags`` replaces all. What serves now goes on until the new revision answers."""
        given = dict(locals())
        refuse_unknown(kwargs, "update")
        check_given(given)
        if image is not None:
            raise not_built("update(image=...) of a service of the kind AKS", "pass models and inference_config")
        spec, registered = changed_parts(self.workspace, self._service, given)
        patch = wire.ServicePatch(
            spec=spec,
            models=registered,
            **described_parts(self._service, given),
            auth_enabled=auth_enabled,
            token_auth_enabled=token_auth_enabled,
        )
        self._patch(patch)
        if auth_enabled is not None or token_auth_enabled is not None:
            self._token = None
            self._await_keys()


def check_given(given: Mapping[str, Any]) -> None:
    """Raise ``WebserviceException`` for an update of nothing, and for values that cannot be."""
    known = {
        name: value for name, value in given.items() if name not in ("self", "__class__", "kwargs", "version_name")
    }
    if all(value is None for value in known.values()):
        raise WebserviceException("No parameters provided to update.")
    aks_settings.check(known)


def refuse_unknown(given: Mapping[str, Any], act: str) -> None:
    if given:
        raise WebserviceException(f"{act}() has no parameter {', '.join(sorted(given))}.")


def described_parts(service: entities.Service, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a patch that say what a service is for people; ``tags`` replaces all."""
    tags, properties = given.get("tags"), given.get("properties")
    return {
        "tags": None if tags is None else texts("tags", tags),
        "remove_tags": None if tags is None else [name for name in service.tags if name not in tags],
        "properties": None if properties is None else texts("properties", properties),
        "description": given.get("description"),
    }


def changed_parts(
    workspace: Workspace, service: entities.Service, given: Mapping[str, Any]
) -> tuple[entities.ServiceSpec | None, list[str] | None]:
    """The specification and the models of a service after a change, None for what stays."""
    known = service_spec.current(service)
    models, config = given.get("models"), given.get("inference_config")
    registered = None if models is None else registered_models(models)
    settings = {name: value for name, value in given.items() if name not in _NOT_SETTINGS and value is not None}
    spec = known if config is None else aks_settings.kept(built(workspace, config, say=False), known)
    spec = aks_settings.applied(spec, settings) if settings or config is not None else spec
    return (None if spec == known else spec), registered


def built(workspace: Workspace, config: InferenceConfig, *, say: bool = True, name: str = "") -> entities.ServiceSpec:
    """The specification of a service on the server's machine; a sentence tells how it runs there.

    Raises ``Unsupported`` where its environment needs a container engine that the server has not.
    """
    container, sentence = _mode(workspace, config._environment()._definition())
    spec = service_spec.build(workspace, config, service_spec.source_of(config), {}, container=container)
    if say:
        print(f"The service {name} {sentence}, which the server keeps running.")
    return replace(spec, interpreter=None)


def _mode(workspace: Workspace, definition: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether a service runs in a container: where its environment asks for an image. One that merely switches Docker
    on, as Azure's scripts do, gets processes where the server has no container engine."""
    if not image_spec.needs_image(definition):
        return False, "runs as processes on the server's machine, without Docker"
    docker = definition.get("docker") or {}
    scope = workspace._scope
    try:
        engine = scope.client.get(scope.path("engine"), service_wire.EngineInfo)
    except Unsupported:
        if image_spec.needs_image({**definition, "docker": {**docker, "enabled": False}}):
            raise
        return False, "runs as processes on the server's machine, which has no container engine"
    return True, f"runs in a container on the server's machine ({engine.name} {engine.version})"


def deploy(
    workspace: Workspace,
    name: str,
    models: Sequence[Model | str],
    config: InferenceConfig,
    settings: AksServiceDeploymentConfiguration,
    overwrite: bool,
) -> AksWebservice:
    """Have the server deploy a service; returns before it is ready. Raises what cannot be before anything is made."""
    registered = registered_models(models)
    aks_settings.check_honoured(vars(settings))
    Webservice.check_for_existing_webservice(workspace, name, overwrite)
    spec = settings._applied(built(workspace, config, name=name))
    keys, tokens = settings._auth
    scope = workspace._scope
    body = wire.ServiceCreate(
        spec=spec,
        compute_type="AKS",
        models=registered,
        tags=settings.tags,
        properties=settings.properties,
        description=settings.description or config.description or "",
        overwrite=overwrite,
        auth_enabled=keys,
        token_auth_enabled=tokens,
        primary_key=settings.primary_key,
        secondary_key=settings.secondary_key,
    )
    scope.client.put(scope.path("services", name), entities.Service, body)
    return AksWebservice(workspace, name)
