"""The settings of services of the kind AKS, on the server's machine here: each honoured, refused or recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final, TypeVar

from zaffre.core import contract
from zaffre.core.entities import ServiceSpec
from zaffre.core.errors import InvalidValue, Unsupported, WebserviceException
from zaffre.core.liveness import LivenessProbe
from zaffre.core.scaling import MOST_WORKERS, Scaling
from zaffre.sdk.webservice import WebserviceDeploymentConfiguration

WORKERS: Final = "WORKER_COUNT"  # as Azure's scoring server reads it
_POSITIVE: Final = (
    "autoscale_min_replicas", "autoscale_max_replicas", "autoscale_refresh_seconds", "autoscale_target_utilization",
    "cpu_cores", "memory_gb", "cpu_cores_limit", "memory_gb_limit", "scoring_timeout_ms", "max_request_wait_time",
    "replica_max_concurrent_requests", "num_replicas", "period_seconds", "initial_delay_seconds", "timeout_seconds",
    "success_threshold", "failure_threshold",
)  # fmt: skip
_AUTOSCALE: Final = {
    "autoscale_min_replicas": "min_workers",
    "autoscale_max_replicas": "max_workers",
    "autoscale_refresh_seconds": "refresh_seconds",
    "autoscale_target_utilization": "target_utilization",
}
_PROBE: Final = tuple(one.name for one in fields(LivenessProbe))
_WHOLE: Final = ("num_replicas", *_AUTOSCALE, *_PROBE)
# What changes nothing on one machine: names of a cluster's, and how its machines come to the models.
_RECORDED: Final = (
    "namespace", "blobfuse_enabled", "replica_max_concurrent_requests", "gpu_cores",
)  # fmt: skip
# Fields of a service's specification by the settings that say them.
_SIZES: Final = {
    "cpus": "cpu_cores_limit",
    "memory_gb": "memory_gb_limit",
    "cpus_reserved": "cpu_cores",
    "memory_gb_reserved": "memory_gb",
}
_NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")

Given = Mapping[str, Any]
Held = TypeVar("Held", Scaling, LivenessProbe)


def check(given: Given) -> None:
    """Raise one ``WebserviceException`` with all that cannot be, or ``Unsupported`` for what is not to be had here."""
    problems = [*_number_problems(given), *_scaling_problems(given)]
    if given.get("auth_enabled") and given.get("token_auth_enabled"):
        problems.append("key and token authentication cannot both be on")
    namespace = given.get("namespace")
    if namespace is not None and not _NAMESPACE.fullmatch(namespace):
        problems.append(f"{namespace!r} is not a namespace (lower-case letters, digits and hyphens, at most 63)")
    share = given.get("traffic_percentile")
    if share is not None and (isinstance(share, bool) or int(share) != share or not 0 <= share <= 100):
        problems.append("traffic_percentile must be a whole number from 0 to 100")
    if problems:
        raise WebserviceException(f"Invalid configuration, {'; '.join(problems)}.")


def check_honoured(given: Given) -> None:
    """Raise ``Unsupported`` for what a service on the server's machine cannot be."""
    if given.get("gpu_cores"):
        raise Unsupported("gpu_cores: services have no GPU of their own here. Leave it out.")
    if given.get("compute_target_name"):
        raise Unsupported(
            f"There is no cluster {given['compute_target_name']}: services of the kind AKS run on the server's own "
            "machine. Leave compute_target_name out."
        )
    if (given.get("replica_max_concurrent_requests") or 1) != 1:
        raise Unsupported(
            "replica_max_concurrent_requests: a replica answers one request at a time, and the others wait. Leave it "
            "out, and set num_replicas to answer more of them at a time."
        )
    for name in ("num_replicas", "autoscale_min_replicas", "autoscale_max_replicas"):
        if (workers := given.get(name) or 1) > MOST_WORKERS:
            raise Unsupported(f"{name}: {workers} are more than the {MOST_WORKERS} that one machine is asked for.")


def applied(spec: ServiceSpec, given: Given) -> ServiceSpec:
    """``spec`` with what is given of its settings; the others stay."""
    check_honoured(given)
    spec = scaled(spec, given)
    variables = dict(spec.environment_variables)
    if given.get("scoring_timeout_ms") is not None:
        variables[contract.SCORING_TIMEOUT_MS] = str(given["scoring_timeout_ms"])
    if given.get("max_request_wait_time") is not None:
        variables[contract.MAX_WAIT_MS] = str(given["max_request_wait_time"])
    recorded = {name: _text(given[name]) for name in _RECORDED if given.get(name) is not None}
    spec = replace(spec, environment_variables=variables, recorded={**spec.recorded, **recorded}, interpreter=None)
    sizes = {name: given[setting] for name, setting in _SIZES.items() if given.get(setting) is not None}
    spec = replace(spec, **sizes)
    if probe := {name: int(given[name]) for name in _PROBE if given.get(name) is not None}:
        spec = replace(spec, probe=_valid(spec.probe or LivenessProbe(), probe))
    if given.get("enable_app_insights") is not None:
        spec = replace(spec, telemetry=bool(given["enable_app_insights"]))
    if given.get("collect_model_data") is not None:
        spec = replace(spec, collect_model_data=bool(given["collect_model_data"]))
    if not spec.container and (spec.cpus is not None or spec.memory_gb is not None):
        raise Unsupported(
            "cpu_cores_limit and memory_gb_limit hold for containers, and this service runs as processes, because its "
            "environment names no base image of its own. Leave them out, or set environment.docker.base_image."
        )
    return spec


def scaled(spec: ServiceSpec, given: Given) -> ServiceSpec:
    """How many replicas: a number, or as many as the load asks for, which is what a service has of which nothing is
    said."""
    values = {name: int(given[setting]) for setting, name in _AUTOSCALE.items() if given.get(setting) is not None}
    variables = dict(spec.environment_variables)
    if given.get("num_replicas") is not None:
        variables[WORKERS] = str(int(given["num_replicas"]))
        return replace(spec, environment_variables=variables, scaling=None)
    is_fixed = WORKERS in variables
    if values and is_fixed and not given.get("autoscale_enabled"):
        raise WebserviceException(
            f"Invalid configuration, the service has a fixed number of replicas, {variables[WORKERS]}: set "
            "autoscale_enabled=True for the other settings of scaling."
        )
    if is_fixed and not given.get("autoscale_enabled"):
        return spec
    variables.pop(WORKERS, None)
    known = spec.scaling or Scaling()
    if "max_workers" in values and known.min_workers is None:
        values = {"min_workers": 1, **values}  # what an image says of WORKER_COUNT may be more
    return replace(spec, environment_variables=variables, scaling=_valid(known, values))


def _valid(known: Held, values: Mapping[str, int]) -> Held:
    try:
        return replace(known, **values)
    except InvalidValue as error:
        raise WebserviceException(f"Invalid configuration, {error.message}") from error


def kept(built: ServiceSpec, known: ServiceSpec) -> ServiceSpec:
    """A new specification with the settings of the one before."""
    return replace(
        built,
        environment_variables=known.environment_variables,
        recorded=known.recorded,
        cpus_reserved=known.cpus_reserved,
        memory_gb_reserved=known.memory_gb_reserved,
        scaling=known.scaling,
        probe=known.probe,
        cpus=known.cpus,
        memory_gb=known.memory_gb,
        collect_model_data=known.collect_model_data,
        telemetry=known.telemetry,
        rollout=known.rollout,
    )


def recorded(spec: ServiceSpec, name: str) -> Any:
    """A setting as it was given; None where it was not."""
    held = spec.recorded.get(name)
    return json.loads(held) if isinstance(held, str) and name != "namespace" else held


def _text(value: Any) -> str | bool:
    return value if isinstance(value, bool | str) else json.dumps(value)


def _number_problems(given: Given) -> list[str]:
    held = {name: given.get(name) for name in _POSITIVE}
    problems = [f"{name} must be above 0" for name, value in held.items() if value is not None and value <= 0]
    problems += [
        f"{name} must be a whole number" for name in _WHOLE if (value := held[name]) is not None and int(value) != value
    ]
    highest = {"autoscale_target_utilization": 100, "autoscale_refresh_seconds": 3600}
    problems += [f"{name} must be at most {most}" for name, most in highest.items() if (held[name] or 0) > most]
    if given.get("gpu_cores") is not None and given["gpu_cores"] < 0:
        problems.append("gpu_cores must be 0 or more")
    for wish, limit in (("cpu_cores", "cpu_cores_limit"), ("memory_gb", "memory_gb_limit")):
        wanted, most = held[wish], held[limit]
        if wanted is not None and most is not None and most < wanted:
            problems.append(f"{limit} must be at least {wish}")
    return problems


def _scaling_problems(given: Given) -> list[str]:
    replicas = given.get("num_replicas")
    scaling = [name for name in _AUTOSCALE if given.get(name) is not None]
    low, high = given.get("autoscale_min_replicas"), given.get("autoscale_max_replicas")
    problems = []
    if low is not None and high is not None and low > high:
        problems.append("autoscale_min_replicas must be at most autoscale_max_replicas")
    if given.get("autoscale_enabled") is False:
        if replicas is None:
            problems.append("without autoscaling num_replicas is needed")
        if scaling:
            problems.append(f"{', '.join(scaling)} need autoscale_enabled")
    elif given.get("autoscale_enabled") and replicas is not None:
        problems.append("num_replicas cannot be set with autoscaling")
    return problems


class AksServiceDeploymentConfiguration(WebserviceDeploymentConfiguration):
    """The settings of a service on the server's machine; all that is wrong with them is told in one
    ``WebserviceException``. Authentication by key is on unless ``auth_enabled=False`` or ``token_auth_enabled``."""

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
        check(vars(self))

    def _applied(self, spec: ServiceSpec) -> ServiceSpec:
        made = applied(spec, vars(self))
        return made if self.rollout is None else replace(made, rollout=self.rollout)

    @property
    def _auth(self) -> tuple[bool, bool]:
        """Whether callers send keys, and whether tokens."""
        tokens = bool(vars(self)["token_auth_enabled"])
        keys = vars(self)["auth_enabled"]
        return (not tokens if keys is None else bool(keys)), tokens


class AksEndpointDeploymentConfiguration(AksServiceDeploymentConfiguration):
    """The settings of an endpoint, and of its first version."""

    def __init__(
        self, *args: Any, version_name: str | None = None, traffic_percentile: int | None = None, **kw: Any
    ) -> None:
        self.version_name = version_name
        self.traffic_percentile = traffic_percentile
        super().__init__(*args, _type="AKSENDPOINT", **kw)

    def validate_endpoint_configuration(self) -> None:
        """Raise ``WebserviceException`` for values that cannot be."""
        self.validate_configuration()
