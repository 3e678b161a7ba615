"""``AciWebservice``: Azure Container Instances. Its configuration can be written and checked, not deployed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from zaffre.core.errors import WebserviceException
from zaffre.sdk.unbuilt import not_built
from zaffre.sdk.webservice import Webservice, WebserviceDeploymentConfiguration

REMEDY = "deploy to this machine with LocalWebservice.deploy_configuration()"


class AciServiceDeploymentConfiguration(WebserviceDeploymentConfiguration):
    """The settings of a container instance; raises ``WebserviceException`` for values that cannot be."""

    def __init__(
        self,
        cpu_cores: float | None = None,
        memory_gb: float | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        location: str | None = None,
        auth_enabled: bool | None = None,
        ssl_enabled: bool | None = None,
        enable_app_insights: bool | None = None,
        ssl_cert_pem_file: str | None = None,
        ssl_key_pem_file: str | None = None,
        ssl_cname: str | None = None,
        dns_name_label: str | None = None,
        primary_key: str | None = None,
        secondary_key: str | None = None,
        collect_model_data: bool | None = None,
        cmk_vault_base_url: str | None = None,
        cmk_key_name: str | None = None,
        cmk_key_version: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
    ) -> None:
        super().__init__("ACI", description, tags, properties, primary_key, secondary_key, location)
        self.cpu_cores = cpu_cores
        self.memory_gb = memory_gb
        self.auth_enabled = auth_enabled
        self.ssl_enabled = ssl_enabled
        self.enable_app_insights = enable_app_insights
        self.ssl_cert_pem_file = ssl_cert_pem_file
        self.ssl_key_pem_file = ssl_key_pem_file
        self.ssl_cname = ssl_cname
        self.dns_name_label = dns_name_label
        self.collect_model_data = collect_model_data
        self.cmk_vault_base_url = cmk_vault_base_url
        self.cmk_key_name = cmk_key_name
        self.cmk_key_version = cmk_key_version
        self.vnet_name = vnet_name
        self.subnet_name = subnet_name
        self.validate_configuration()

    def validate_configuration(self) -> None:
        for name in ("cpu_cores", "memory_gb"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise WebserviceException(f"Invalid configuration, {name} must be above 0, not {value!r}.")
        if self.ssl_enabled and not (self.ssl_cert_pem_file and self.ssl_key_pem_file and self.ssl_cname):
            raise WebserviceException(
                "Invalid configuration, SSL needs ssl_cert_pem_file, ssl_key_pem_file and ssl_cname."
            )


class AciWebservice(Webservice):
    """There are none here: looking one up says that it is not found. Deploying to one raises ``Unsupported``."""

    _kind = "ACI"
    deploy_configuration = AciServiceDeploymentConfiguration

    def update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise not_built("AciWebservice.update", REMEDY)
