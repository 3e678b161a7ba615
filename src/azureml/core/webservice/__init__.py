"""Web services."""

from __future__ import annotations

from zaffre.sdk.endpoint_aks import AksEndpoint
from zaffre.sdk.webservice import UnknownWebservice, Webservice
from zaffre.sdk.webservice_aci import AciWebservice
from zaffre.sdk.webservice_aks import AksWebservice
from zaffre.sdk.webservice_local import LocalWebservice

__all__ = ["AciWebservice", "AksEndpoint", "AksWebservice", "LocalWebservice", "UnknownWebservice", "Webservice"]
