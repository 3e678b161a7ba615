"""``AmlCompute``."""

from __future__ import annotations

from zaffre.sdk.compute import AmlCompute, AmlComputeProvisioningConfiguration
from zaffre.sdk.compute_status import AmlComputeNodeStateCounts, AmlComputeStatus, ScaleSettings

__all__ = [
    "AmlCompute",
    "AmlComputeNodeStateCounts",
    "AmlComputeProvisioningConfiguration",
    "AmlComputeStatus",
    "ScaleSettings",
]
