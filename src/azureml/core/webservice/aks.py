"""``AksWebservice``: importable, refused when deployed to."""

from __future__ import annotations

from zaffre.sdk.webservice_aks import (
    AksEndpoint,
    AksEndpointDeploymentConfiguration,
    AksServiceAccessToken,
    AksServiceDeploymentConfiguration,
    AksWebservice,
)

__all__ = [
    "AksEndpoint",
    "AksEndpointDeploymentConfiguration",
    "AksServiceAccessToken",
    "AksServiceDeploymentConfiguration",
    "AksWebservice",
]
