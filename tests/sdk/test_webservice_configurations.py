"""Configurations for Azure's own targets: written and checked as there, deployed nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from zaffre.core.errors import Unsupported, WebserviceException
from zaffre.sdk.endpoint_aks import AksEndpoint
from zaffre.sdk.webservice_aci import AciWebservice
from zaffre.sdk.webservice_aks import AksServiceAccessToken, AksWebservice


def test_a_container_instance() -> None:
    held = AciWebservice.deploy_configuration(1, 2.5, {"a": "b"}, {"p": "q"}, "text", auth_enabled=True)
    assert (held.cpu_cores, held.memory_gb, held.tags, held.auth_enabled) == (1, 2.5, {"a": "b"}, True)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"cpu_cores": 0}, "cpu_cores must be above 0"),
        ({"memory_gb": -1}, "memory_gb must be above 0"),
        ({"ssl_enabled": True}, "SSL needs"),
        ({"tags": {"a": 1}}, "text to text"),
        ({"primary_key": "k"}, "keys need auth_enabled=True"),
    ],
)
def test_a_container_instance_that_cannot_be(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(WebserviceException, match=words):
        AciWebservice.deploy_configuration(**wrong)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"ssl_enabled": True, "ssl_cert_pem_file": "c", "ssl_key_pem_file": "k", "ssl_cname": "n"}, "put a proxy"),
        ({"ssl_cname": "n"}, "put a proxy"),
        ({"cmk_vault_base_url": "u"}, "encrypt its disk"),
        ({"cmk_key_name": "n"}, "encrypt its disk"),
        ({"cmk_key_version": "v"}, "encrypt its disk"),
        ({"vnet_name": "v"}, "no network of Azure's"),
        ({"subnet_name": "s"}, "no network of Azure's"),
    ],
)
def test_what_the_server_cannot_honour_is_refused_with_the_reason(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        AciWebservice.deploy_configuration(**asked)


def test_a_service_on_kubernetes() -> None:
    held = AksWebservice.deploy_configuration(num_replicas=3, autoscale_enabled=False, namespace="team-a", gpu_cores=0)
    assert (held.num_replicas, held.namespace) == (3, "team-a")  # type: ignore[attr-defined]
    versions = AksEndpoint.deploy_configuration(version_name="v1", traffic_percentile=20)
    assert (versions.version_name, versions.traffic_percentile) == ("v1", 20)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"autoscale_enabled": False}, "num_replicas is needed"),
        ({"autoscale_enabled": False, "num_replicas": 1, "autoscale_min_replicas": 1}, "need autoscale_enabled"),
        ({"autoscale_enabled": True, "num_replicas": 1}, "num_replicas cannot be set"),
        ({"autoscale_min_replicas": 3, "autoscale_max_replicas": 2}, "at most autoscale_max_replicas"),
        ({"auth_enabled": True, "token_auth_enabled": True}, "cannot both be on"),
        ({"cpu_cores": 2, "cpu_cores_limit": 1}, "cpu_cores_limit must be at least cpu_cores"),
        ({"memory_gb": 2, "memory_gb_limit": 1}, "memory_gb_limit must be at least memory_gb"),
        ({"gpu_cores": -1}, "gpu_cores"),
        ({"namespace": "Team"}, "'Team' is not a namespace"),
        ({"period_seconds": 0, "cpu_cores": 0}, "cpu_cores must be above 0; period_seconds must be above 0"),
    ],
)
def test_a_service_on_kubernetes_that_cannot_be(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(WebserviceException, match=f"Invalid configuration, .*{words}"):
        AksWebservice.deploy_configuration(**wrong)


def test_traffic_is_a_percentage() -> None:
    with pytest.raises(WebserviceException, match="0 to 100"):
        AksEndpoint.deploy_configuration(traffic_percentile=101)


def test_an_access_token_travels() -> None:
    payload = {
        "accessToken": "t",
        "tokenType": "Bearer",
        "refreshAfter": "2026-01-01T00:00:00+00:00",
        "expiryOn": "2026-01-02T00:00:00+00:00",
    }
    assert AksServiceAccessToken.deserialize(payload).serialize() == payload
