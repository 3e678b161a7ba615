"""``Webservice``."""

from __future__ import annotations

from zaffre.sdk.aks_requirements import ContainerResourceRequirements
from zaffre.sdk.webservice import (
    UnknownWebservice,
    Webservice,
    WebServiceAccessToken,
    WebserviceDeploymentConfiguration,
)

__all__ = [
    "ContainerResourceRequirements",
    "UnknownWebservice",
    "WebServiceAccessToken",
    "Webservice",
    "WebserviceDeploymentConfiguration",
]
