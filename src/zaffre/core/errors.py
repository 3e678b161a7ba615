"""Every error that Zaffre raises, with the names that Azure ML SDK v1 scripts catch.

AzureMLException
├── UserErrorException
│   ├── AuthenticationException          the token is missing, wrong or expired
│   ├── PermissionDenied                 the token is valid but does not allow this
│   ├── InvalidValue                     an argument, setting or body that cannot be honoured
│   │   └── InvalidName
│   ├── NotFound                         no such experiment, run, artifact, environment, datastore, ...
│   ├── AlreadyExists
│   ├── StateConflict                    the thing is not in a state that allows this
│   ├── TooManyAttempts                  wrong passwords, one after the other
│   ├── TooLarge                         a body, archive or file over its limit
│   └── Unsupported                      a feature that is not built, or that this target cannot honour
├── WorkspaceException
│   ├── WorkspaceNotFound
│   └── WorkspaceExists
├── ComputeTargetException
│   ├── ComputeTargetNotFound
│   └── ComputeTargetInvalid
├── ExperimentExecutionException
│   └── ScriptInvalid                    the script is missing or outside its source directory
├── WebserviceException
│   ├── ModelNotFound
│   ├── ModelExists
│   ├── ModelInUse
│   ├── ModelInvalid
│   ├── WebserviceNotFound
│   ├── WebserviceExists
│   ├── WebserviceInvalid
│   ├── PortTaken
│   └── DeploymentFailed                 carries the failing step and the last log lines
├── ActivityFailedException
│   ├── EnvironmentBuildFailed
│   └── EngineError                      the container engine refused something
│       └── EngineUnavailable            no container engine answers, or it went away
├── ActivityCanceledException
├── ModelNotFoundException, ModelPathNotFoundException, ProjectSystemException, RunConfigurationException,
│   RunEnvironmentException, TrainingException
├── SnapshotException
│   └── SnapshotTooLarge
└── ServiceException
    ├── ServerUnavailable                no server answers, or it went away
    ├── StorageFull                      the disk of the server is full
    └── InternalError                    a fault of ours

An error knows its ``code`` (stable, on the wire) and its ``category`` (what kind of trouble). Neither knows HTTP:
the doors map categories to their own status numbers.
"""

from __future__ import annotations

import enum
import json
import sys
import traceback
from collections.abc import Mapping
from typing import Any, ClassVar


class Category(enum.Enum):
    """The kind of trouble, from which each door derives its own status."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    DENIED = "denied"
    NOT_FOUND = "not_found"
    EXISTS = "exists"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNSUPPORTED = "unsupported"
    FULL = "full"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class AzureMLException(Exception):
    """Base of every error; ``message`` is a sentence that names what is wrong, where, and what to do.

    ``facts`` are the machine-readable parts of the sentence; they travel on the wire with it.
    """

    code: ClassVar[str] = "Error"
    category: ClassVar[Category] = Category.INTERNAL
    by_code: ClassVar[dict[str, type[AzureMLException]]] = {}

    def __init__(self, message: str, inner_exception: BaseException | None = None, **facts: Any) -> None:
        super().__init__(message)
        self._message = message
        self.inner_exception = inner_exception
        self.facts: dict[str, Any] = facts

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" in cls.__dict__:
            AzureMLException.by_code[cls.code] = cls

    @property
    def message(self) -> str:
        return self._message

    @message.setter
    def message(self, value: str) -> None:
        self._message = value

    def print_stacktrace(self) -> None:
        traceback.print_exception(type(self), self, self.__traceback__, file=sys.stderr)

    def _serialize_json(self, indent: int | None = None) -> str:
        return json.dumps({"error": {"code": self.code, "message": self.message}}, indent=indent)

    def __str__(self) -> str:
        inner = self.inner_exception
        return (
            f"{type(self).__name__}:\n\tMessage: {self.message}\n\tInnerException {inner}\n"
            f"\tErrorResponse \n{self._serialize_json(indent=4)}"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r})"


class UserErrorException(AzureMLException):
    code = "UserError"
    category = Category.INVALID


class AuthenticationException(UserErrorException):
    code = "Authentication"
    category = Category.UNAUTHENTICATED


class PermissionDenied(UserErrorException):
    code = "PermissionDenied"
    category = Category.DENIED


class InvalidValue(UserErrorException):
    code = "InvalidValue"


class InvalidName(InvalidValue):
    code = "InvalidName"


class NotFound(UserErrorException):
    code = "NotFound"
    category = Category.NOT_FOUND


class AlreadyExists(UserErrorException):
    code = "AlreadyExists"
    category = Category.EXISTS


class StateConflict(UserErrorException):
    code = "StateConflict"
    category = Category.CONFLICT


class TooManyAttempts(UserErrorException):
    code = "TooManyAttempts"
    category = Category.TOO_MANY


class TooLarge(UserErrorException):
    code = "TooLarge"
    category = Category.TOO_LARGE


class Unsupported(UserErrorException):
    code = "Unsupported"
    category = Category.UNSUPPORTED


class WorkspaceException(AzureMLException):
    code = "Workspace"
    category = Category.INVALID

    def __init__(
        self, message: str, found_multiple: bool = False, inner_exception: BaseException | None = None, **facts: Any
    ) -> None:
        super().__init__(message, inner_exception, **facts)
        self.found_multiple = found_multiple


class WorkspaceNotFound(WorkspaceException):
    code = "WorkspaceNotFound"
    category = Category.NOT_FOUND


class WorkspaceExists(WorkspaceException):
    code = "WorkspaceExists"
    category = Category.EXISTS


class ComputeTargetException(AzureMLException):
    code = "ComputeTarget"
    category = Category.INVALID


class ComputeTargetNotFound(ComputeTargetException):
    code = "ComputeTargetNotFound"
    category = Category.NOT_FOUND


class ComputeTargetInvalid(ComputeTargetException):
    code = "ComputeTargetInvalid"


class ExperimentExecutionException(AzureMLException):
    code = "ExperimentExecution"
    category = Category.INVALID


class ScriptInvalid(ExperimentExecutionException):
    code = "ScriptInvalid"


class WebserviceException(AzureMLException):
    code = "Webservice"
    category = Category.INVALID

    def __init__(
        self,
        message: str,
        status_code: int | None = None,
        inner_exception: BaseException | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, inner_exception, **facts)
        self.status_code = status_code


class ModelNotFound(WebserviceException):
    code = "ModelNotFound"
    category = Category.NOT_FOUND


class ModelExists(WebserviceException):
    code = "ModelExists"
    category = Category.EXISTS


class ModelInUse(WebserviceException):
    code = "ModelInUse"
    category = Category.CONFLICT


class ModelInvalid(WebserviceException):
    code = "ModelInvalid"


class WebserviceNotFound(WebserviceException):
    code = "WebserviceNotFound"
    category = Category.NOT_FOUND


class WebserviceExists(WebserviceException):
    code = "WebserviceExists"
    category = Category.EXISTS


class WebserviceInvalid(WebserviceException):
    code = "WebserviceInvalid"


class PortTaken(WebserviceException):
    code = "PortTaken"
    category = Category.CONFLICT


class DeploymentFailed(WebserviceException):
    code = "DeploymentFailed"


class ActivityFailedException(AzureMLException):
    code = "ActivityFailed"
    category = Category.INVALID


class EnvironmentBuildFailed(ActivityFailedException):
    code = "EnvironmentBuildFailed"


class EngineError(ActivityFailedException):
    code = "EngineError"


class EngineUnavailable(EngineError):
    code = "EngineUnavailable"
    category = Category.UNAVAILABLE


class ActivityCanceledException(AzureMLException):
    code = "ActivityCanceled"
    category = Category.CONFLICT


class ModelNotFoundException(AzureMLException):
    code = "ModelFileNotFound"
    category = Category.NOT_FOUND


class ModelPathNotFoundException(AzureMLException):
    code = "ModelPathNotFound"
    category = Category.NOT_FOUND


class ProjectSystemException(AzureMLException):
    code = "ProjectSystem"
    category = Category.INVALID


class RunConfigurationException(AzureMLException):
    code = "RunConfiguration"
    category = Category.INVALID


class RunEnvironmentException(AzureMLException):
    code = "RunEnvironment"
    category = Category.INVALID


class TrainingException(AzureMLException):
    code = "Training"
    category = Category.INVALID


class SnapshotException(AzureMLException):
    code = "Snapshot"
    category = Category.INVALID


class SnapshotTooLarge(SnapshotException):
    code = "SnapshotTooLarge"
    category = Category.TOO_LARGE


class ServiceException(AzureMLException):
    code = "Service"
    category = Category.INTERNAL

    def __init__(
        self,
        message: str,
        status_code: int | None = None,
        inner_exception: BaseException | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, inner_exception, **facts)
        self.status_code = status_code


class ServerUnavailable(ServiceException):
    code = "ServerUnavailable"
    category = Category.UNAVAILABLE


class StorageFull(ServiceException):
    code = "StorageFull"
    category = Category.FULL


class InternalError(ServiceException):
    code = "InternalError"


def to_wire(error: AzureMLException) -> dict[str, Any]:
    """The JSON object that carries an error: ``{"error": {"code", "message", "facts"}}``."""
    return {"error": {"code": error.code, "message": error.message, "facts": error.facts}}


def from_wire(body: Mapping[str, Any]) -> AzureMLException:
    """The error that ``to_wire`` wrote, as the same class; an unknown code becomes ``ServiceException``."""
    info = body.get("error")
    if not isinstance(info, Mapping):
        return ServiceException(f"the server answered with an error that is not Zaffre's: {dict(body)!r}")
    cls = AzureMLException.by_code.get(str(info.get("code")), ServiceException)
    facts = info.get("facts")
    return cls(str(info.get("message", "")), **(dict(facts) if isinstance(facts, Mapping) else {}))
