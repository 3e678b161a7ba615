"""``Model`` and ``InferenceConfig``."""

from __future__ import annotations

from zaffre.sdk.inference import InferenceConfig
from zaffre.sdk.model import Model, ModelPackage
from zaffre.sdk.resource_configuration import ResourceConfiguration

__all__ = ["InferenceConfig", "Model", "ModelPackage", "ResourceConfiguration"]
