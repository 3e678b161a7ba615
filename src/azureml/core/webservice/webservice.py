"""``Webservice``."""

from __future__ import annotations

from zaffre.sdk.webservice import (
    UnknownWebservice,
    Webservice,
    WebServiceAccessToken,
    WebserviceDeploymentConfiguration,
)

__all__ = ["UnknownWebservice", "WebServiceAccessToken", "Webservice", "WebserviceDeploymentConfiguration"]
