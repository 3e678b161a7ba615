"""JSON on the wire: one encoder and one decoder for every entity and message."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from zaffre.core.errors import InvalidValue

T = TypeVar("T")

_encoder = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """UTF-8 JSON of an entity, message or plain value. NaN and infinities become null: guard metrics before."""
    return _encoder.encode(value)


def decode(data: bytes | str, type_: type[T], *, what: str = "the body") -> T:
    """The value of ``type_`` that ``data`` holds; raises ``InvalidValue`` that names the field at fault."""
    try:
        return msgspec.json.decode(data, type=type_)
    except msgspec.ValidationError as error:
        raise InvalidValue(f"{what} does not have the expected shape: {error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidValue(f"{what} is not JSON: {error}.") from error


def convert(value: object, type_: type[T], *, what: str = "the value") -> T:
    """A plain JSON value as ``type_``; raises ``InvalidValue`` that names the field at fault."""
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        raise InvalidValue(f"{what} does not have the expected shape: {error}.") from error


def to_plain(value: object) -> object:
    """An entity or message as dicts, lists, strings and numbers."""
    return msgspec.to_builtins(value)
