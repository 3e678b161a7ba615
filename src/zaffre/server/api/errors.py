"""How an error becomes an HTTP answer under ``/api/v1``: the only place that knows the numbers."""

from __future__ import annotations

import logging
from http import HTTPStatus

from starlette.responses import Response

from zaffre.core import codec
from zaffre.core.errors import AzureMLException, Category, InternalError, to_wire

STATUS = {
    Category.INVALID: HTTPStatus.BAD_REQUEST,
    Category.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Category.DENIED: HTTPStatus.FORBIDDEN,
    Category.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Category.EXISTS: HTTPStatus.CONFLICT,
    Category.CONFLICT: HTTPStatus.CONFLICT,
    Category.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Category.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    Category.UNSUPPORTED: HTTPStatus.NOT_IMPLEMENTED,
    Category.FULL: HTTPStatus.INSUFFICIENT_STORAGE,
    Category.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Category.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}

_log = logging.getLogger("zaffre.server")


def render(error: AzureMLException) -> Response:
    """The answer that carries ``error``; the SDK raises the same class from it."""
    status = STATUS[error.category]
    headers = {"WWW-Authenticate": 'Bearer realm="zaffre"'} if status is HTTPStatus.UNAUTHORIZED else None
    return Response(codec.encode(to_wire(error)), status, headers, media_type="application/json")


def fault(error: BaseException, method: str, path: str) -> InternalError:
    """The error for a fault of ours: the log gets the traceback, the caller a sentence."""
    _log.error("%s %s failed", method, path, exc_info=error)
    return InternalError(
        f"The server failed at {method} {path}: {type(error).__name__}. The traceback is in the server's log."
    )
