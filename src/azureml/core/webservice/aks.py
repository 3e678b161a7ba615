"""``AksWebservice`` and ``AksEndpoint``."""

from __future__ import annotations

from zaffre.sdk.aks_requirements import AutoScaler, LivenessProbeRequirements
from zaffre.sdk.aks_settings import AksEndpointDeploymentConfiguration, AksServiceDeploymentConfiguration
from zaffre.sdk.endpoint_aks import AksEndpoint
from zaffre.sdk.webservice_aks import AksServiceAccessToken, AksWebservice

__all__ = [
    "AksEndpoint",
    "AksEndpointDeploymentConfiguration",
    "AksServiceAccessToken",
    "AksServiceDeploymentConfiguration",
    "AksWebservice",
    "AutoScaler",
    "LivenessProbeRequirements",
]
