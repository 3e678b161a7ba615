"""This product's errors as MLflow's, so that code which catches those of MLflow catches them too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from mlflow.exceptions import MlflowException
from mlflow.protos import databricks_pb2 as codes

from zaffre.core.errors import AzureMLException, Category

_CODES: Final = {
    Category.INVALID: codes.INVALID_PARAMETER_VALUE,
    Category.UNAUTHENTICATED: codes.UNAUTHENTICATED,
    Category.DENIED: codes.PERMISSION_DENIED,
    Category.NOT_FOUND: codes.RESOURCE_DOES_NOT_EXIST,
    Category.EXISTS: codes.RESOURCE_ALREADY_EXISTS,
    Category.CONFLICT: codes.INVALID_STATE,
    Category.UNSUPPORTED: codes.NOT_IMPLEMENTED,
    Category.UNAVAILABLE: codes.TEMPORARILY_UNAVAILABLE,
}


@contextmanager
def as_mlflow() -> Iterator[None]:
    try:
        yield
    except AzureMLException as error:
        raise MlflowException(error.message, error_code=_CODES.get(error.category, codes.INTERNAL_ERROR)) from error
