"""``HDInsightCompute``: importable, refused when used."""

from __future__ import annotations

from zaffre.sdk.compute_unbuilt import HDInsightCompute

__all__ = ["HDInsightCompute"]
