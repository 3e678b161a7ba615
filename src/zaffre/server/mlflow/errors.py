"""How errors read on MLflow's wire: one table from our categories to its codes and statuses."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from zaffre.core import codec
from zaffre.core.errors import AzureMLException, Category, InvalidValue, NotFound

ENDPOINT_NOT_FOUND: Final = "ENDPOINT_NOT_FOUND"

# MLflow has no code for a name that is taken but RESOURCE_ALREADY_EXISTS with 400, on which register_model relies; what
# is in the wrong state (a deleted run) is an invalid parameter there. Its client retries 408, 429, 500, 502, 503 and
# 504, so a full disk must be none of these.
_TABLE: Final[dict[Category, tuple[int, str]]] = {
    Category.INVALID: (400, "INVALID_PARAMETER_VALUE"),
    Category.UNAUTHENTICATED: (401, "UNAUTHENTICATED"),
    Category.DENIED: (403, "PERMISSION_DENIED"),
    Category.NOT_FOUND: (404, "RESOURCE_DOES_NOT_EXIST"),
    Category.EXISTS: (400, "RESOURCE_ALREADY_EXISTS"),
    Category.CONFLICT: (400, "INVALID_PARAMETER_VALUE"),
    Category.TOO_LARGE: (413, "BAD_REQUEST"),
    Category.TOO_MANY: (429, "REQUEST_LIMIT_EXCEEDED"),
    Category.UNSUPPORTED: (501, "NOT_IMPLEMENTED"),
    Category.FULL: (507, "RESOURCE_EXHAUSTED"),
    Category.UNAVAILABLE: (503, "TEMPORARILY_UNAVAILABLE"),
    Category.INTERNAL: (500, "INTERNAL_ERROR"),
}


class EndpointNotFound(NotFound):
    """No such route: MLflow's clients fall back to older routes on this, and on nothing else."""

    code = "EndpointNotFound"


class BadRequest(InvalidValue):
    """The request is not framed as the protocol asks, before any parameter is looked at."""

    code = "BadRequest"


def status_and_code(error: AzureMLException) -> tuple[int, str]:
    if isinstance(error, EndpointNotFound):
        return 404, ENDPOINT_NOT_FOUND
    if isinstance(error, BadRequest):
        return 400, "BAD_REQUEST"
    return _TABLE[error.category]


def render(error: AzureMLException) -> Response:
    """The answer that an MLflow client turns into its RestException."""
    status, code = status_and_code(error)
    headers = {"WWW-Authenticate": 'Basic realm="zaffre"'} if status == 401 else None
    body = codec.encode({"error_code": code, "message": error.message})
    return Response(body, status, headers, media_type="application/json")


def missing(parameter: str) -> InvalidValue:
    return InvalidValue(
        f"Missing value for required parameter '{parameter}'. Send it in the request.", parameter=parameter
    )


def invalid(parameter: str, value: object, hint: str) -> InvalidValue:
    shown = repr(value)
    shown = shown if len(shown) <= 200 else f"{shown[:200]}... ({len(shown)} characters)"
    return InvalidValue(f"Invalid value {shown} for parameter '{parameter}' supplied: {hint}", parameter=parameter)
