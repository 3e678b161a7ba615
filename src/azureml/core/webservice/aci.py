"""``AciWebservice``: importable, refused when deployed to."""

from __future__ import annotations

from zaffre.sdk.webservice_aci import AciServiceDeploymentConfiguration, AciWebservice

__all__ = ["AciServiceDeploymentConfiguration", "AciWebservice"]
