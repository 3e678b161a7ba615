"""``Experiment``."""

from __future__ import annotations

from zaffre.sdk.experiment import Experiment, ViewType

__all__ = ["Experiment", "ViewType"]
