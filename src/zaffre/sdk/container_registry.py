"""Where a base image comes from: its address and how to sign in there."""

from __future__ import annotations

from typing import ClassVar

from zaffre.sdk.section import Section


class RegistryIdentity(Section):
    KEYS: ClassVar[dict[str, str]] = {"resource_id": "resourceId", "client_id": "clientId"}

    resource_id: str | None
    client_id: str | None

    def __init__(self) -> None:
        self.resource_id = None
        self.client_id = None


class ContainerRegistry(Section):
    KEYS: ClassVar[dict[str, str]] = {
        "address": "address",
        "username": "username",
        "password": "password",
        "registry_identity": "registryIdentity",
    }

    address: str | None
    username: str | None
    password: str | None
    registry_identity: RegistryIdentity | None

    def __init__(self) -> None:
        self.address = None
        self.username = None
        self.password = None
        self.registry_identity = None
