"""``AksWebservice`` and ``AksEndpoint``: Azure Kubernetes Service. Configurations can be written and checked."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from zaffre.core.errors import WebserviceException
from zaffre.sdk.unbuilt import not_built
from zaffre.sdk.webservice import Webservice, WebServiceAccessToken, WebserviceDeploymentConfiguration

REMEDY = "deploy to this machine with LocalWebservice.deploy_configuration(), or to the server with AciWebservice"
_POSITIVE = (
    "autoscale_min_replicas", "autoscale_max_replicas", "autoscale_refresh_seconds", "autoscale_target_utilization",
    "cpu_cores", "memory_gb", "cpu_cores_limit", "memory_gb_limit", "scoring_timeout_ms", "max_request_wait_time",
    "replica_max_concurrent_requests", "num_replicas", "period_seconds", "initial_delay_seconds", "timeout_seconds",
    "success_threshold", "failure_threshold",
)  # fmt: skip
_AUTOSCALE = (
    "autoscale_min_replicas", "autoscale_max_replicas", "autoscale_refresh_seconds", "autoscale_target_utilization",
)  # fmt: skip
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class AksServiceDeploymentConfiguration(WebserviceDeploymentConfiguration):
    """The settings of a service on Kubernetes; all that is wrong with them is told in one ``WebserviceException``."""

    def __init__(
        self,
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
        compute_target_name: str | None = None,
        cpu_cores_limit: float | None = None,
        memory_gb_limit: float | None = None,
        blobfuse_enabled: bool | None = None,
        *,
        _type: str = "AKS",
    ) -> None:
        super().__init__(_type, description, tags, properties, primary_key, secondary_key)
        given = dict(locals())
        for name in ("self", "_type", "tags", "properties", "description", "primary_key", "secondary_key", "__class__"):
            given.pop(name, None)
        self.__dict__.update(given)
        self.validate_configuration()

    def validate_configuration(self) -> None:
        problems = [*self._number_problems(), *self._scaling_problems()]
        if self._held("auth_enabled") and self._held("token_auth_enabled"):
            problems.append("key and token authentication cannot both be on")
        namespace = self._held("namespace")
        if namespace is not None and not _NAMESPACE.fullmatch(namespace):
            problems.append(f"{namespace!r} is not a namespace (lower-case letters, digits and hyphens, at most 63)")
        if problems:
            raise WebserviceException(f"Invalid configuration, {'; '.join(problems)}.")

    def _held(self, name: str) -> Any:
        return getattr(self, name)

    def _number_problems(self) -> list[str]:
        held = {name: self._held(name) for name in _POSITIVE}
        problems = [f"{name} must be above 0" for name, value in held.items() if value is not None and value <= 0]
        if self._held("gpu_cores") is not None and self._held("gpu_cores") < 0:
            problems.append("gpu_cores must be 0 or more")
        for wish, limit in (("cpu_cores", "cpu_cores_limit"), ("memory_gb", "memory_gb_limit")):
            if held[wish] is not None and held[limit] is not None and held[limit] < held[wish]:
                problems.append(f"{limit} must be at least {wish}")
        return problems

    def _scaling_problems(self) -> list[str]:
        replicas = self._held("num_replicas")
        scaling = [name for name in _AUTOSCALE if self._held(name) is not None]
        low, high = self._held("autoscale_min_replicas"), self._held("autoscale_max_replicas")
        problems = []
        if low is not None and high is not None and low > high:
            problems.append("autoscale_min_replicas must be at most autoscale_max_replicas")
        if self._held("autoscale_enabled") is False:
            if replicas is None:
                problems.append("without autoscaling num_replicas is needed")
            if scaling:
                problems.append(f"{', '.join(scaling)} need autoscale_enabled")
        elif self._held("autoscale_enabled") and replicas is not None:
            problems.append("num_replicas cannot be set with autoscaling")
        return problems


class AksEndpointDeploymentConfiguration(AksServiceDeploymentConfiguration):
    """The settings of an endpoint with several versions."""

    def __init__(
        self, *args: Any, version_name: str | None = None, traffic_percentile: float | None = None, **kw: Any
    ) -> None:
        self.version_name = version_name
        self.traffic_percentile = traffic_percentile
        super().__init__(*args, _type="AKSENDPOINT", **kw)

    def validate_configuration(self) -> None:
        super().validate_configuration()
        if self.traffic_percentile is not None and not 0 <= self.traffic_percentile <= 100:
            raise WebserviceException("Invalid configuration, traffic_percentile must be 0 to 100.")


class AksServiceAccessToken(WebServiceAccessToken):
    """A token for a service on Kubernetes."""

    @staticmethod
    def deserialize(payload_obj: Mapping[str, str]) -> AksServiceAccessToken:
        """The inverse of ``serialize``."""
        refresh, expiry = (datetime.datetime.fromisoformat(payload_obj[key]) for key in ("refreshAfter", "expiryOn"))
        return AksServiceAccessToken(payload_obj["accessToken"], payload_obj["tokenType"], refresh, expiry)


class AksWebservice(Webservice):
    """There are none here: looking one up says that it is not found. Deploying to one raises ``Unsupported``."""

    _kind = "AKS"
    deploy_configuration = AksServiceDeploymentConfiguration

    def update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise not_built(f"{type(self).__name__}.update", REMEDY)

    def get_access_token(self) -> NoReturn:
        raise not_built(f"{type(self).__name__}.get_access_token", REMEDY)


class AksEndpoint(AksWebservice):
    """An endpoint with versions that share its traffic; there are none here, as with ``AksWebservice``."""

    _kind = "AKSENDPOINT"
    deploy_configuration = AksEndpointDeploymentConfiguration

    def create_version(self, version_name: str, **kwargs: Any) -> NoReturn:
        raise not_built("AksEndpoint.create_version", REMEDY)

    def update_version(self, version_name: str, **kwargs: Any) -> NoReturn:
        raise not_built("AksEndpoint.update_version", REMEDY)

    def delete_version(self, version_name: str) -> NoReturn:
        raise not_built("AksEndpoint.delete_version", REMEDY)
