"""``ContainerRegistry``."""

from __future__ import annotations

from zaffre.sdk.container_registry import ContainerRegistry, RegistryIdentity

__all__ = ["ContainerRegistry", "RegistryIdentity"]
