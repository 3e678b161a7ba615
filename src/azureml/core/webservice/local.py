"""``LocalWebservice``."""

from __future__ import annotations

from zaffre.sdk.webservice_local import LocalWebservice, LocalWebserviceDeploymentConfiguration

__all__ = ["LocalWebservice", "LocalWebserviceDeploymentConfiguration"]
