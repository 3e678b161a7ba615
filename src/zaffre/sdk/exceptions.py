"""Azure's exception names. Those that Zaffre never raises are there to be caught."""

from __future__ import annotations

from collections.abc import Sequence

from zaffre.core.errors import (
    ActivityCanceledException,
    ActivityFailedException,
    AuthenticationException,
    AzureMLException,
    ComputeTargetException,
    ExperimentExecutionException,
    ModelNotFoundException,
    ModelPathNotFoundException,
    ProjectSystemException,
    RunConfigurationException,
    RunEnvironmentException,
    ServiceException,
    SnapshotException,
    TrainingException,
    Unsupported,
    UserErrorException,
    WebserviceException,
    WorkspaceException,
)

__all__ = [
    "ActivityCanceledException",
    "ActivityFailedException",
    "AuthenticationException",
    "AzureMLAggregatedException",
    "AzureMLException",
    "ComputeTargetException",
    "DatasetTimestampMissingError",
    "DiscoveryUrlNotFoundException",
    "ExperimentExecutionException",
    "ModelNotFoundException",
    "ModelPathNotFoundException",
    "ParallelRunException",
    "ProjectSystemException",
    "RunConfigurationException",
    "RunEnvironmentException",
    "ServiceException",
    "SnapshotException",
    "TrainingException",
    "Unsupported",
    "UserErrorException",
    "WebserviceException",
    "WorkspaceException",
    "WorkspacePrivateEndpointException",
]


class AzureMLAggregatedException(AzureMLException):
    """Several errors at once."""

    def __init__(self, exception_message: str | Sequence[BaseException]) -> None:
        text = exception_message if isinstance(exception_message, str) else "; ".join(map(str, exception_message))
        super().__init__(text)


class DatasetTimestampMissingError(AzureMLException):
    """A dataset has no timestamp column."""


class DiscoveryUrlNotFoundException(AzureMLException):
    """A workspace has no discovery URL."""


class ParallelRunException(AzureMLException):
    """A parallel run step failed."""


class WorkspacePrivateEndpointException(AzureMLException):
    """A private endpoint of a workspace failed."""
