"""What a service of the kind AKS says of its replicas, as its attributes tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zaffre.core.entities import ServiceSpec
from zaffre.core.scaling import Scaling


@dataclass(frozen=True)
class AutoScaler:
    """``max_replicas`` is None where nobody named it: one for each processor that the service may use, at most 10."""

    autoscale_enabled: bool
    max_replicas: int | None
    min_replicas: int | None
    refresh_period_seconds: int | None
    target_utilization: int | None  # percent

    def serialize(self) -> dict[str, Any]:
        return {
            "autoscaleEnabled": self.autoscale_enabled,
            "minReplicas": self.min_replicas,
            "maxReplicas": self.max_replicas,
            "refreshPeriodInSeconds": self.refresh_period_seconds,
            "targetUtilization": self.target_utilization,
        }


@dataclass(frozen=True)
class ContainerResourceRequirements:
    """Processors and gigabytes: what is reserved, and what may be used at most."""

    cpu: float | None
    memory_in_gb: float | None
    cpu_limit: float | None
    memory_in_gb_limit: float | None

    def serialize(self) -> dict[str, Any]:
        return {
            "cpu": self.cpu,
            "memoryInGB": self.memory_in_gb,
            "cpuLimit": self.cpu_limit,
            "memoryInGBLimit": self.memory_in_gb_limit,
        }


def autoscaler(spec: ServiceSpec) -> AutoScaler:
    held: Scaling | None = spec.scaling
    if held is None:
        return AutoScaler(False, None, None, None, None)
    return AutoScaler(True, held.max_workers, held.min_workers or 1, held.refresh_seconds, held.target_utilization)


def resources(spec: ServiceSpec) -> ContainerResourceRequirements:
    return ContainerResourceRequirements(spec.cpus_reserved, spec.memory_gb_reserved, spec.cpus, spec.memory_gb)
