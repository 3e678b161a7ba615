"""``ResourceConfiguration``: what a model needs to be served, recorded with it."""

from __future__ import annotations

from typing import Any

from zaffre.core.errors import WebserviceException


class ResourceConfiguration:
    """CPU cores, memory in gigabytes and GPUs; None means no wish."""

    def __init__(self, cpu: float | None = None, memory_in_gb: float | None = None, gpu: int | None = None) -> None:
        for name, value in (("cpu", cpu), ("memory_in_gb", memory_in_gb), ("gpu", gpu)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0):
                raise WebserviceException(
                    f"{name} of a ResourceConfiguration must be a number of 0 or more: {value!r}."
                )
        self.cpu = cpu
        self.memory_in_gb = memory_in_gb
        self.gpu = gpu

    def __repr__(self) -> str:
        return f"ResourceConfiguration(cpu={self.cpu}, memory_in_gb={self.memory_in_gb}, gpu={self.gpu})"

    def serialize(self) -> dict[str, Any]:
        return {"cpu": self.cpu, "memoryInGB": self.memory_in_gb, "gpu": self.gpu}

    @staticmethod
    def deserialize(payload_obj: dict[str, Any] | None) -> ResourceConfiguration | None:
        """The inverse of ``serialize``; None for None."""
        if not payload_obj:
            return None
        return ResourceConfiguration(payload_obj.get("cpu"), payload_obj.get("memoryInGB"), payload_obj.get("gpu"))
