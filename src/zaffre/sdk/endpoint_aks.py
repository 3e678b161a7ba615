"""``AksEndpoint``: versions of a service behind one address, which share its traffic by percentages."""

from __future__ import annotations

import builtins
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from zaffre.core import entities
from zaffre.core.endpoint_wire import (
    Endpoint,
    EndpointCreate,
    EndpointPatch,
    EndpointVersion,
    ShadowReport,
    TrafficChange,
    VersionCreate,
    VersionPatch,
)
from zaffre.core.errors import Unsupported, WebserviceNotFound
from zaffre.core.names import version_service
from zaffre.core.states import ServiceState
from zaffre.sdk import aks_settings, scoring, service_spec
from zaffre.sdk.aks_settings import AksEndpointDeploymentConfiguration
from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model_lookup import Tags, texts
from zaffre.sdk.service_wait import Waiting
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.webservice_aks import AksWebservice, built, changed_parts, check_given, described_parts
from zaffre.sdk.webservice_server import registered_models

if TYPE_CHECKING:
    from zaffre.sdk.model import Model
    from zaffre.sdk.workspace import Workspace

VERSION: Final = "azureml-model-deployment"  # the header that asks for a version, and says which one answered

_ROUTER_SECONDS: Final = 10.0  # how long it may take to hear of a version that is ready
_POLL_SECONDS: Final = 0.05


class AksEndpointVersion(AksWebservice):
    """One version, made by ``AksEndpoint.versions``. ``run`` asks this version, whatever its share of the traffic."""

    _endpoint: AksEndpoint
    _version: EndpointVersion

    @property
    def version_name(self) -> str:
        return self._version.name

    @property
    def traffic_percentile(self) -> int:
        """The percentage of requests that it gets; of the default version what the others leave."""
        return self._version.traffic_percentile

    @property
    def is_default(self) -> bool:
        return self._version.is_default

    @property
    def version_type(self) -> str:
        """``Control`` or ``Treatment``."""
        return self._version.version_type

    @property
    def _address(self) -> str:
        return self._endpoint._address

    def _secrets(self) -> tuple[str, ...]:
        return self._endpoint._secrets()

    def _score(self, data: str | bytes) -> Any:
        assert self.scoring_uri is not None
        key = self._secrets()[0] if self._asks else ""
        return scoring.score(self.name, self.scoring_uri, data, key, {VERSION: self.version_name})

    @property
    def _asks(self) -> bool:
        return self._endpoint._asks

    def run(self, input_data: str | bytes) -> Any:
        if self.scoring_uri is None:
            self.update_deployment_state()
        return super().run(input_data) if self.scoring_uri is None else self._score(input_data)

    def _read(self) -> entities.Service:
        held = self._endpoint._read_endpoint().versions
        for version in held:
            if version.name == self._version.name:
                self._version = version
                return version.service
        raise WebserviceNotFound(
            f"WebserviceNotFound: The endpoint {self._endpoint.name} has no version {self._version.name} any more."
        )

    def update(self, *args: Any, **kwargs: Any) -> None:
        raise Unsupported(f"Update a version by its endpoint: endpoint.update_version({self.version_name!r}, ...).")

    def delete(self) -> None:
        """Delete the version; its traffic goes to the default one."""
        self._endpoint.delete_version(self.version_name)


class AksEndpoint(AksWebservice):
    """An endpoint by its name; raises ``WebserviceNotFound``."""

    _kind = "AKSENDPOINT"

    @staticmethod
    def deploy_configuration(  # type: ignore[override]  # it has a version's name and share before the last three
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
        primary_key: str | None = None,
        secondary_key: str | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        gpu_cores: int | None = None,
        period_seconds: int | None = None,
        initial_delay_seconds: int | None = None,
        timeout_seconds: int | None = None,
        success_threshold: int | None = None,
        failure_threshold: int | None = None,
        namespace: str | None = None,
        token_auth_enabled: bool | None = None,
        version_name: str | None = None,
        traffic_percentile: int | None = None,
        compute_target_name: str | None = None,
        cpu_cores_limit: float | None = None,
        memory_gb_limit: float | None = None,
    ) -> AksEndpointDeploymentConfiguration:
        """The settings of an endpoint and of its first version, named ``version_name``, else as the endpoint."""
        return AksEndpointDeploymentConfiguration(**locals())

    @property
    def versions(self) -> dict[str, AksEndpointVersion]:
        """The versions by their names, as they are now."""
        return {version.name: self._version_of(version) for version in self._read_endpoint().versions}

    @property
    def mirror_traffic(self) -> dict[str, int]:
        """The version that gets copies of requests, and of how many percent of them."""
        return dict(self._read_endpoint().mirror_traffic)

    def serialize(self) -> dict[str, Any]:
        endpoint = self._read_endpoint()
        versions = {
            version.name: {
                **self._version_of(version).serialize(),
                "isDefault": version.is_default,
                "trafficPercentile": version.traffic_percentile,
                "type": version.version_type,
            }
            for version in endpoint.versions
        }
        return {**super().serialize(), "versions": versions, "mirrorTraffic": dict(endpoint.mirror_traffic)}

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
        """The endpoints, by what their versions serve and how they are tagged."""
        kind = compute_type or "AKSENDPOINT"
        return Webservice.list(
            workspace, kind, image_name, image_id, model_name, model_id, tags, properties, image_digest
        )

    def wait_for_deployment(self, show_output: bool = False, timeout_sec: float | None = None) -> None:
        """Wait until every version answers, and the endpoint does. Raises what waiting for a service raises."""
        for version in self.versions.values():
            if version._service.state is not ServiceState.RUNNING or version._service.error is not None:
                Waiting(version, show_output, timeout_sec).wait()
        Waiting(self, show_output, timeout_sec).wait()
        self._await_router()

    def update(  # type: ignore[override]
        self,
        auth_enabled: bool | None = None,
        token_auth_enabled: bool | None = None,
        enable_app_insights: bool | None = None,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Change what is given of the endpoint; ``tags`` replaces all. Versions have ``update_version``.

        ``enable_app_insights`` is of each version: False at its deployment keeps nothing of what it answers.
        """
        given = dict(locals())
        check_given(given)
        if enable_app_insights is not None:
            raise Unsupported(
                "enable_app_insights of an endpoint that is there is not supported: its versions keep what they were "
                "deployed with. Leave it out."
            )
        patch = EndpointPatch(
            **described_parts(self._service, given), auth_enabled=auth_enabled, token_auth_enabled=token_auth_enabled
        )
        self._take(self.workspace._scope.client.patch(self._route(), Endpoint, patch))
        if auth_enabled is not None or token_auth_enabled is not None:
            self._token = None
            self._await_keys()

    def create_version(
        self,
        version_name: str,
        autoscale_enabled: bool | None = None,
        autoscale_min_replicas: int | None = None,
        autoscale_max_replicas: int | None = None,
        autoscale_refresh_seconds: int | None = None,
        autoscale_target_utilization: int | None = None,
        collect_model_data: bool | None = None,
        cpu_cores: float | None = None,
        memory_gb: float | None = None,
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
        traffic_percentile: int | None = None,
        is_default: bool | None = None,
        is_control_version_type: bool | None = None,
        cpu_cores_limit: float | None = None,
        memory_gb_limit: float | None = None,
    ) -> None:
        """Deploy one more version; returns before it is ready, and it gets no traffic until then.

        Without ``inference_config`` or ``models`` it has those of the default version. Raises ``WebserviceExists``, and
        ``WebserviceInvalid`` for percentages that do not add up.
        """
        given = dict(locals())
        version_service(self.name, version_name)
        aks_settings.check(given)
        default = next(version for version in self._read_endpoint().versions if version.is_default)
        source = service_spec.current(default.service)
        spec = source if inference_config is None else built(self.workspace, inference_config, name=version_name)
        settings = {name: value for name, value in given.items() if value is not None}
        body = VersionCreate(
            spec=aks_settings.applied(spec, settings),
            models=builtins.list(default.service.models) if models is None else registered_models(models),
            tags=texts("tags", tags) or {},
            properties=texts("properties", properties) or {},
            description=description or "",
            traffic_percentile=traffic_percentile,
            is_default=is_default,
            is_control_version_type=is_control_version_type,
        )
        self._take(self.workspace._scope.client.put(self._route("versions", version_name), Endpoint, body))

    def update_version(
        self,
        version_name: str,
        autoscale_enabled: bool | None = None,
        autoscale_min_replicas: int | None = None,
        autoscale_max_replicas: int | None = None,
        autoscale_refresh_seconds: int | None = None,
        autoscale_target_utilization: int | None = None,
        collect_model_data: bool | None = None,
        cpu_cores: float | None = None,
        memory_gb: float | None = None,
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
        traffic_percentile: int | None = None,
        is_default: bool | None = None,
        is_control_version_type: bool | None = None,
        cpu_cores_limit: float | None = None,
        memory_gb_limit: float | None = None,
    ) -> None:
        """Change what is given of a version; ``tags`` replaces all. What serves goes on until the new revision answers.

        Raises ``WebserviceNotFound``, and ``WebserviceInvalid`` for percentages that do not add up.
        """
        given = dict(locals())
        check_given(given)
        service = self._named(version_name).service
        spec, registered = changed_parts(self.workspace, service, given)
        patch = VersionPatch(
            spec=spec,
            models=registered,
            **described_parts(service, given),
            traffic_percentile=traffic_percentile,
            is_default=is_default,
            is_control_version_type=is_control_version_type,
        )
        self._take(self.workspace._scope.client.patch(self._route("versions", version_name), Endpoint, patch))

    def delete_version(self, version_name: str) -> None:
        """Delete a version; its traffic goes to the default one, which cannot be deleted."""
        known = self._named(version_name)
        self.workspace._scope.client.delete(self._route("versions", version_name))
        self._await_end(known.service.name)
        self.update_deployment_state()

    def delete(self) -> None:
        """Stop and delete the endpoint with all its versions; returns when what ran them is gone."""
        versions = [version.service.name for version in self._read_endpoint().versions]
        super().delete()
        for name in versions:
            self._await_end(name)

    def set_traffic(self, percentages: Mapping[str, int]) -> None:
        """Change the shares of all versions in one step: 0 for one that is left out, 100 together.

        Raises ``WebserviceInvalid``.
        """
        body = TrafficChange(percentages=dict(percentages))
        self._take(self.workspace._scope.client.put(self._route("traffic"), Endpoint, body))

    def set_mirror_traffic(self, percentages: Mapping[str, int]) -> None:
        """Send copies of this percentage of requests to a version, after their answers: ``{"candidate": 10}``. With
        ``{}`` no more. Raises ``WebserviceInvalid``."""
        patch = EndpointPatch(mirror_traffic=dict(percentages))
        self._take(self.workspace._scope.client.patch(self._route(), Endpoint, patch))

    def shadow_report(self) -> ShadowReport:
        """How many copies were answered the same and differently, and the latest examples with both answers."""
        return self.workspace._scope.client.get(self._route("shadow"), ShadowReport)

    def _route(self, *more: str) -> str:
        return self.workspace._scope.path("endpoints", self.name, *more)

    def _read_endpoint(self) -> Endpoint:
        return self.workspace._scope.client.get(self._route(), Endpoint)

    def _take(self, endpoint: Endpoint) -> None:
        self._service = endpoint.service

    def _named(self, name: str) -> EndpointVersion:
        held = self._read_endpoint().versions
        for version in held:
            if version.name == name:
                return version
        raise WebserviceNotFound(
            f"WebserviceNotFound: The endpoint {self.name} has no version {name}; it has "
            f"{', '.join(version.name for version in held)}."
        )

    def _version_of(self, version: EndpointVersion) -> AksEndpointVersion:
        handle: AksEndpointVersion = object.__new__(AksEndpointVersion)
        handle.workspace, handle.name, handle._service = self.workspace, version.service.name, version.service
        handle._endpoint, handle._version = self, version
        return handle

    def _await_router(self) -> None:
        """Return when the router knows the versions that are ready."""
        uri, deadline = self.swagger_uri, time.monotonic() + _ROUTER_SECONDS
        for headers in self._doors():
            while uri and scoring.status_of(uri, "", headers) in (404, 503) and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)

    def _doors(self) -> builtins.list[dict[str, str]]:
        ready = [version for version in self._read_endpoint().versions if version.service.scoring_uri is not None]
        return [{VERSION: version.name} for version in ready]


def deploy(
    workspace: Workspace,
    name: str,
    models: Sequence[Model | str],
    config: InferenceConfig,
    settings: AksEndpointDeploymentConfiguration,
    overwrite: bool,
) -> AksEndpoint:
    """Have the server deploy an endpoint; returns before its first version is ready."""
    version = settings.version_name or name
    version_service(name, version)
    registered = registered_models(models)
    aks_settings.check_honoured(vars(settings))
    Webservice.check_for_existing_webservice(workspace, name, overwrite)
    spec = settings._applied(built(workspace, config, name=name))
    keys, tokens = settings._auth
    described = settings.description or config.description or ""
    scope = workspace._scope
    body = EndpointCreate(
        version_name=version,
        version=VersionCreate(
            spec=spec,
            models=registered,
            tags=settings.tags,
            properties=settings.properties,
            description=described,
            traffic_percentile=settings.traffic_percentile,
        ),
        tags=settings.tags,
        properties=settings.properties,
        description=described,
        overwrite=overwrite,
        auth_enabled=keys,
        token_auth_enabled=tokens,
        primary_key=settings.primary_key,
        secondary_key=settings.secondary_key,
    )
    scope.client.put(scope.path("endpoints", name), Endpoint, body)
    return AksEndpoint(workspace, name)
