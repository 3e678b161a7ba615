"""What a service of the kind AKS says of its replicas, as its attributes tell it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from zaffre.core.entities import ServiceSpec
from zaffre.core.liveness import LivenessProbe
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


@dataclass(frozen=True)
class LivenessProbeRequirements:
    """When the service is asked whether it lives, and what counts as no."""

    period_seconds: int
    initial_delay_seconds: int
    timeout_seconds: int
    failure_threshold: int
    success_threshold: int

    def serialize(self) -> dict[str, Any]:
        return {
            "periodSeconds": self.period_seconds,
            "initialDelaySeconds": self.initial_delay_seconds,
            "timeoutSeconds": self.timeout_seconds,
            "failureThreshold": self.failure_threshold,
            "successThreshold": self.success_threshold,
        }


def probe(spec: ServiceSpec) -> LivenessProbeRequirements | None:
    """None where none was asked for."""
    held: LivenessProbe | None = spec.probe
    return None if held is None else LivenessProbeRequirements(**asdict(held))


def autoscaler(spec: ServiceSpec) -> AutoScaler:
    held: Scaling | None = spec.scaling
    if held is None:
        return AutoScaler(False, None, None, None, None)
    return AutoScaler(True, held.max_workers, held.min_workers or 1, held.refresh_seconds, held.target_utilization)


def resources(spec: ServiceSpec) -> ContainerResourceRequirements:
    return ContainerResourceRequirements(spec.cpus_reserved, spec.memory_gb_reserved, spec.cpus, spec.memory_gb)
