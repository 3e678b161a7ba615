"""``KubernetesCompute``: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.compute_unbuilt import KubernetesCompute

__all__ = ["KubernetesCompute"]
