"""From a request to what ``run()`` is called with."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

from zaffre.core.rawhttp import AMLRequest
from zaffre.serving.request import Request

Arguments = dict[str, Any]


class Refused(Exception):
    """The request does not fit the script; ``status`` and the sentence are its answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def whole_request(name: str) -> Callable[[Request], Arguments]:
    """For ``@rawhttp``: every method reaches ``run``."""

    def read(request: Request) -> Arguments:
        return {name: AMLRequest(request.method, request.path, request.query, request.headers, request.body)}

    return read


def text(name: str) -> Callable[[Request], Arguments]:
    """For a plain ``run(raw_data)``: the body as text, the query of a GET as the text of a JSON object."""

    def read(request: Request) -> Arguments:
        if request.method == "GET":
            return {name: json.dumps(query_values(request))}
        try:
            return {name: request.body.decode()}
        except UnicodeDecodeError as error:
            raise Refused(400, f"Input cannot be decoded as UTF-8: {error}") from None

    return read


def values(parameters: Sequence[inspect.Parameter]) -> Callable[[Request], Arguments]:
    """For a ``run`` with schema decorators: a JSON object with a value for each parameter."""

    def read(request: Request) -> Arguments:
        held = query_values(request) if request.method == "GET" else json_object(request)
        found: Arguments = {}
        for parameter in parameters:
            value = held.get(parameter.name, parameter.default)
            if value is inspect.Parameter.empty:
                raise Refused(400, f"A value is not provided for the {parameter.name!r} parameter.")
            found[parameter.name] = value
        return found

    return read


def json_object(request: Request) -> dict[str, Any]:
    kind = request.header(b"content-type").partition(b";")[0].strip().lower()
    if kind != b"application/json" and not (kind.startswith(b"application/") and kind.endswith(b"+json")):
        raise Refused(415, "Expects Content-Type to be application/json")
    try:
        held = json.loads(request.body)
    except UnicodeDecodeError as error:
        raise Refused(400, f"Input cannot be decoded as UTF-8: {error}") from None
    except ValueError as error:
        if not request.body:
            raise Refused(400, "POST body is empty. Expecting a JSON dictionary.") from None
        raise Refused(400, f"POST body could not be decoded as JSON: {error}") from None
    except RecursionError:
        raise Refused(400, "POST body could not be decoded as JSON: it is nested too deeply") from None
    if not isinstance(held, dict):
        raise Refused(400, "POST body should be a JSON dictionary.")
    return held


def query_values(request: Request) -> dict[str, Any]:
    """The query: each value as JSON where it is JSON, else as text; a name that comes twice gives a list."""
    found: dict[str, list[Any]] = {}
    for name, value in parse_qsl(request.query.decode("latin-1"), keep_blank_values=True, errors="replace"):
        found.setdefault(name, []).append(_parsed(value))
    return {name: given[0] if len(given) == 1 else given for name, given in found.items()}


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
