"""The settings of a container instance: each honoured, refused with the reason, or, where it is harmless, recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from zaffre.core.entities import ServiceSpec
from zaffre.core.errors import Unsupported, WebserviceException
from zaffre.sdk.webservice import WebserviceDeploymentConfiguration

_RECORDED: Final = ("location", "dns_name_label")
_REFUSED: Final = {
    "cmk_vault_base_url": "services keep their files below the server's ZAFFRE_HOME: encrypt its disk",
    "cmk_key_name": "services keep their files below the server's ZAFFRE_HOME: encrypt its disk",
    "cmk_key_version": "services keep their files below the server's ZAFFRE_HOME: encrypt its disk",
    "vnet_name": "a service answers on the server's own address and on 127.0.0.1 there, in no network of Azure's",
    "subnet_name": "a service answers on the server's own address and on 127.0.0.1 there, in no network of Azure's",
}


class AciServiceDeploymentConfiguration(WebserviceDeploymentConfiguration):
    """``cpu_cores`` and ``memory_gb`` are what the container may use at most; without them there is no limit.

    What the service answers and uses is kept in the workspace (``get_metrics``) unless ``enable_app_insights`` is
    False. ``location`` and ``dns_name_label`` are recorded and change nothing. Raises ``WebserviceException`` for
    values that cannot be, and ``Unsupported`` for what the server cannot honour.
    """

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
        if (self.primary_key or self.secondary_key) and not self.auth_enabled:
            raise WebserviceException("Invalid configuration, keys need auth_enabled=True.")
        check_ssl(self.ssl_enabled, self.ssl_cert_pem_file, self.ssl_key_pem_file, self.ssl_cname)
        for name, instead in _REFUSED.items():
            if getattr(self, name):
                raise Unsupported(f"{name} of a container instance is not supported: {instead}. Leave it out.")

    def applied(self, spec: ServiceSpec) -> ServiceSpec:
        """``spec`` with what this says of its container."""
        spec = replace(spec, telemetry=self.enable_app_insights is not False)
        recorded = spec.recorded | {name: getattr(self, name) for name in _RECORDED if getattr(self, name) is not None}
        spec = replace(spec, collect_model_data=bool(self.collect_model_data))
        spec = replace(spec, rollout=self.rollout or spec.rollout)
        return replace(spec, container=True, cpus=self.cpu_cores, memory_gb=self.memory_gb, recorded=recorded)


def check_ssl(enabled: bool | None, certificate: str | None, key: str | None, cname: str | None) -> None:
    """Raise ``Unsupported`` for SSL, and ``WebserviceException`` for SSL without what it needs."""
    if not (enabled or certificate or key or cname):
        return
    if enabled and not (certificate and key and cname):
        raise WebserviceException("Invalid configuration, SSL needs ssl_cert_pem_file, ssl_key_pem_file and ssl_cname.")
    raise Unsupported(
        "SSL of a container instance is not supported, because its address is the server's: put a proxy that has the "
        "certificate before the server, and leave ssl_enabled and what belongs to it out."
    )
