"""From a request's bytes to a message, by the rules of protobuf's JSON as MLflow's clients write it.

Messages are strict ``msgspec`` structs, so the usual request is decoded in one pass. What is not usual (camelCase,
nulls, numbers as strings, unknown fields, bare NaN, JSON inside a JSON string) is put in order first, and only then
refused with the sentence that names the parameter.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

import msgspec
from msgspec import Meta, Struct
from starlette.datastructures import QueryParams

from zaffre.core.errors import InvalidValue
from zaffre.server.mlflow.errors import BadRequest, invalid, missing

Text = Annotated[str, Meta(min_length=1)]  # a required text: empty is missing
Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Moment = Annotated[int, Meta(ge=0, le=2**63 - 1)]  # milliseconds since 1970; MLflow knows none before
Number = float | str  # a double, or "NaN", "Infinity", "-Infinity"

_JSON: Final = "application/json"
_PATH: Final = re.compile(r" - at `\$\.?([^`]*)`$")
_ABSENT: Final = re.compile(r"missing required field `(\w+)`")


class Message(Struct, forbid_unknown_fields=True):
    """Base of every request message. A field without a default is required."""


M = TypeVar("M", bound=Message)


def check_content_type(content_type: str | None) -> None:
    if content_type is None:
        raise BadRequest("Bad Request. Content-Type header is missing.")
    if content_type.partition(";")[0].strip().lower() != _JSON:
        raise BadRequest(f"Bad Request. Content-Type must be one of ['{_JSON}'].")


def from_body(body: bytes, type_: type[M]) -> M:
    """The message in a JSON body.

    A body that is not JSON counts as an empty one, so that the first missing parameter is named; where an empty one
    would do, it is refused: nothing that is sent is ignored.
    """
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError):
        plain = _lenient(body)
        message = _from_plain(plain or {}, type_)
        if plain is None:
            raise BadRequest("The body of this request is not a JSON object. Send one.") from None
        return message


def from_query(query: QueryParams, type_: type[M], path: Mapping[str, str] | None = None) -> M:
    """The message in a query string, to which the parts of the path are added."""
    plain: dict[str, Any] = {}
    for field in msgspec.structs.fields(type_):
        values = query.getlist(field.name) or query.getlist(_camel(field.name))
        if values:
            plain[field.name] = _from_text(values, field.type, field.name)
    return _from_plain({**plain, **(path or {})}, type_)


def with_path(body: bytes, type_: type[M], path: Mapping[str, str]) -> M:
    """The message in a JSON body to which the parts of the path are added; the path wins."""
    return _from_plain({**(_lenient(body) or {}), **path}, type_)


def _lenient(body: bytes) -> dict[str, Any] | None:
    """The body as a plain object, empty when there is no body; None when it is something else."""
    value: Any = body if body.strip() else b"{}"
    for _ in range(2):  # an old Java client sends a JSON string that holds the JSON
        try:
            value = json.loads(value)
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, str):
            break
    return value if isinstance(value, dict) else None


def _from_plain(plain: dict[str, Any], type_: type[M]) -> M:
    ordered = _in_order(plain, type_, "")
    try:
        return msgspec.convert(ordered, type_)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), ordered) from None


def _in_order(value: Any, type_: Any, path: str) -> Any:
    """``value`` as the strict decoder expects it, wherever protobuf's JSON leaves a choice."""
    struct = _part(type_, Struct)
    if isinstance(value, dict) and struct is not None:
        return _object_in_order(value, struct, path)
    element = next((get_args(part)[0] for part in _parts(type_) if get_origin(part) is list), None)
    if isinstance(value, list) and element is not None:
        return [_in_order(item, element, f"{path}[{at}]") for at, item in enumerate(value)]
    if isinstance(value, str) and _is_int(type_) and re.fullmatch(r"[+-]?\d{1,30}", value):
        return int(value)
    if isinstance(value, float):
        if _is_int(type_) and value.is_integer():
            return int(value)
        if not math.isfinite(value) and type_ == Number:
            return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def _object_in_order(value: dict[str, Any], struct: type[Struct], path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(struct):
        camel = _camel(field.name)
        if camel != field.name and camel in value and field.name in value:
            raise InvalidValue(f"The request names the parameter '{field.name}' also as '{camel}'; send one of them.")
        item = value.get(field.name, value.get(camel))
        if item is not None:  # null means absent
            found[field.name] = _in_order(item, field.type, f"{path}.{field.name}".lstrip("."))
    return found


def _refusal(reason: str, plain: Any) -> InvalidValue:
    """The decoder's complaint in the words that MLflow's own tests look for."""
    match = _PATH.search(reason)
    path = match.group(1) if match else ""
    absent = _ABSENT.search(reason)
    if absent:
        return missing(f"{path}.{absent.group(1)}".lstrip("."))
    value = _at(plain, path)
    if value == "" or value is None:
        return missing(path)
    if isinstance(value, int) and -(2**63) <= value < 0:
        return invalid(path, value, "Timestamp must be a nonnegative long (64-bit integer).")
    if isinstance(value, int) and (" <= " in reason or " >= " in reason):
        return invalid(path, value, "it does not fit in 64 bits.")
    return invalid(path, value, f" Hint: Value was of type '{type(value).__name__}'. It must be another type.")


def _at(plain: Any, path: str) -> Any:
    for name, index in re.findall(r"(\w+)|\[(\d+)\]", path):
        try:
            plain = plain[name] if name else plain[int(index)]
        except (KeyError, IndexError, TypeError):
            return None
    return plain


def _from_text(values: list[str], type_: Any, name: str) -> Any:
    """A query parameter by the type of its field."""
    if any(get_origin(part) is list for part in _parts(type_)):
        return values
    text = values[0]
    if _part(type_, bool) is not None:
        if text.lower() not in ("true", "false"):
            raise InvalidValue(f"Invalid boolean value: {text!r} for '{name}', must be 'true' or 'false'.")
        return text.lower() == "true"
    if _is_int(type_) and not re.fullmatch(r"[+-]?\d{1,30}", text):
        raise invalid(name, text, "it is not a whole number.")
    return text


def _parts(type_: Any) -> tuple[Any, ...]:
    """The members of a union, Annotated peeled off."""
    if get_origin(type_) is Annotated:
        type_ = get_args(type_)[0]
    if get_origin(type_) is list or isinstance(type_, type):
        return (type_,)
    return tuple(part for member in get_args(type_) for part in _parts(member))


def _part(type_: Any, base: type) -> Any:
    plain = (part for part in _parts(type_) if get_origin(part) is None and isinstance(part, type))
    return next((part for part in plain if issubclass(part, base)), None)


def _is_int(type_: Any) -> bool:
    parts = _parts(type_)
    return int in parts and str not in parts


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
