"""``RunConfiguration`` and its sections."""

from __future__ import annotations

from zaffre.sdk.environment import DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE
from zaffre.sdk.runconfig import (
    AmlComputeConfiguration,
    ApplicationEndpointConfiguration,
    AzureContainerRegistry,
    ContainerRegistry,
    DataReferenceConfiguration,
    DockerConfiguration,
    EnvironmentDefinition,
    HdiConfiguration,
    HistoryConfiguration,
    KubernetesComputeConfiguration,
    MpiConfiguration,
    ParallelTaskConfiguration,
    PyTorchConfiguration,
    RunConfiguration,
    SparkConfiguration,
    TensorflowConfiguration,
)

__all__ = [
    "DEFAULT_CPU_IMAGE",
    "DEFAULT_GPU_IMAGE",
    "AmlComputeConfiguration",
    "ApplicationEndpointConfiguration",
    "AzureContainerRegistry",
    "ContainerRegistry",
    "DataReferenceConfiguration",
    "DockerConfiguration",
    "EnvironmentDefinition",
    "HdiConfiguration",
    "HistoryConfiguration",
    "KubernetesComputeConfiguration",
    "MpiConfiguration",
    "ParallelTaskConfiguration",
    "PyTorchConfiguration",
    "RunConfiguration",
    "SparkConfiguration",
    "TensorflowConfiguration",
]
