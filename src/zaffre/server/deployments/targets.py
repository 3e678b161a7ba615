"""Where services run: on the machine that deploys, or in a container that the server keeps running beside itself."""

from __future__ import annotations

import os
from typing import Final

from zaffre.core.entities import ServiceSpec
from zaffre.core.errors import EngineUnavailable, Unsupported, WebserviceInvalid
from zaffre.core.service_wire import EngineInfo
from zaffre.docker.engine import Engine

LOCAL: Final = "Local"
ACI: Final = "ACI"
AKS: Final = "AKS"  # also a version of an endpoint
ENDPOINT: Final = "AKSENDPOINT"
SERVED: Final = (ACI, AKS, ENDPOINT)  # what the server keeps running
_LEAST_MEMORY_GB: Final = 0.006  # what an engine takes: 6 MiB


def check(compute_type: str, spec: ServiceSpec, *, auth_enabled: bool, tokens: bool = False) -> None:
    """Raise what the target cannot honour: ``Unsupported`` also where the server has no container engine. Asks it."""
    check_auth(compute_type, auth_enabled, tokens)
    if compute_type == LOCAL:
        if not spec.container and (spec.cpus is not None or spec.memory_gb is not None):
            raise Unsupported(
                "A local service has no limits as a process: leave cpus and memory_gb out, or deploy to ACI."
            )
        return
    if compute_type not in (ACI, AKS):
        raise Unsupported(
            f"Services of the type {compute_type!r} are not supported. Use "
            "LocalWebservice.deploy_configuration(), which serves on the machine that deploys, or "
            "AciWebservice.deploy_configuration(), which serves in a container on the server's.",
            compute_type=compute_type,
        )
    if spec.local_models:
        raise Unsupported(
            f"The server cannot read files of your machine, such as {next(iter(spec.local_models.values()))}: register "
            "them with Model.register, and deploy the models."
        )
    _check_reserved(spec)
    if compute_type == ACI and not spec.container:
        raise WebserviceInvalid("A service of the type ACI runs in a container: its spec must say container=true.")
    if not spec.container:
        if spec.cpus is not None or spec.memory_gb is not None:
            raise Unsupported(
                "cpu_cores_limit and memory_gb_limit hold for containers, and this service runs as processes: leave "
                "them out, or give its environment a base image (environment.docker.base_image)."
            )
        return
    if spec.cpus is not None and spec.cpus <= 0:
        raise WebserviceInvalid(f"cpus is {spec.cpus}: it must be above 0.")
    if spec.memory_gb is not None and spec.memory_gb < _LEAST_MEMORY_GB:
        raise WebserviceInvalid(f"memory_gb is {spec.memory_gb}: it must be at least {_LEAST_MEMORY_GB}.")
    engine()


def _check_reserved(spec: ServiceSpec) -> None:
    """Raise ``Unsupported`` for more than this machine has, as a cluster does not place what fits on no machine."""
    if spec.cpus_reserved is not None:
        has = os.cpu_count() or 1
        if spec.cpus_reserved > has:
            raise Unsupported(
                f"cpu_cores is {spec.cpus_reserved:g}, and the server's machine has {has} processors: ask for less."
            )
    if spec.memory_gb_reserved is not None:
        has_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
        if spec.memory_gb_reserved > has_gb:
            raise Unsupported(
                f"memory_gb is {spec.memory_gb_reserved:g}, and the server's machine has {has_gb:.1f} GB: ask for less."
            )
    for name, reserved, limit in (
        ("cpus", spec.cpus_reserved, spec.cpus),
        ("memory_gb", spec.memory_gb_reserved, spec.memory_gb),
    ):
        if reserved is not None and reserved <= 0:
            raise WebserviceInvalid(f"{name}_reserved is {reserved}: it must be above 0.")
        if reserved is not None and limit is not None and reserved > limit:
            raise WebserviceInvalid(f"{name} is {limit:g}, less than the {reserved:g} that are reserved.")


def check_auth(compute_type: str, auth_enabled: bool, tokens: bool = False) -> None:
    if auth_enabled and compute_type == LOCAL:
        raise Unsupported(
            "A local service has no authentication: leave auth_enabled out, or deploy with "
            "AciWebservice.deploy_configuration(auth_enabled=True)."
        )
    if tokens and compute_type not in (AKS, ENDPOINT):
        raise Unsupported(
            "Only services deployed with AksWebservice.deploy_configuration() or AksEndpoint.deploy_configuration() "
            "have tokens: leave token_auth_enabled out."
        )


def engine() -> EngineInfo:
    """The container engine of this machine. Raises ``Unsupported`` where none answers."""
    try:
        found = Engine.connect()
        if not found.is_local:
            raise EngineUnavailable(f"The container engine at {found.address} is not on the server's machine.")
    except EngineUnavailable as error:
        raise Unsupported(
            "AciWebservice runs in a container on the server's machine, and the server can use no container engine "
            f"there. {error.message} Then restart the server, or deploy with LocalWebservice.deploy_configuration()."
        ) from error
    return EngineInfo(name=found.name, version=found.version)
