"""``AciWebservice``: services in containers on the server's machine."""

from __future__ import annotations

from zaffre.sdk.aci_settings import AciServiceDeploymentConfiguration
from zaffre.sdk.webservice_aci import AciWebservice

__all__ = ["AciServiceDeploymentConfiguration", "AciWebservice"]
