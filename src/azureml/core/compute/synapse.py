"""``SynapseCompute``: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.compute_unbuilt import SynapseCompute

__all__ = ["SynapseCompute"]
