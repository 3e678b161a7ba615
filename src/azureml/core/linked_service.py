"""Linked services: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.unbuilt_names import LinkedService, SynapseWorkspaceLinkedServiceConfiguration

__all__ = ["LinkedService", "SynapseWorkspaceLinkedServiceConfiguration"]
