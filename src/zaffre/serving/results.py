"""What ``run()`` returned, as an HTTP answer."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

JSON_TYPE = b"application/json"
_PLAIN = (dict, list, str, int, float, bool, tuple)


@dataclass(slots=True)
class Answer:
    status: int
    body: bytes
    content_type: bytes = JSON_TYPE
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    failed: bool | None = False  # the x-ms-run-function-failed header; None: none
    seconds: float | None = None  # how long run() took


class NotSerialisable(Exception):
    """The result cannot be written as JSON; the message names the type at fault."""


def message(status: int, text: str, *, failed: bool = False, request_id: bytes = b"") -> Answer:
    """The documented shape of every error: ``{"message": text}``, with the request's id where Azure's server has no
    answer to be equal to."""
    body = {"message": text}
    if request_id:
        body["request_id"] = request_id.decode("latin-1")
    return Answer(status, json.dumps(body).encode(), failed=failed)


def busy(waited_ms: int, request_id: bytes) -> Answer:
    """The answer to a request that waited so long for the others before it."""
    sentence = f"The service is busy: this request waited {waited_ms} ms, and was not begun. Send it again in a moment."
    made = message(503, sentence, request_id=request_id)
    made.headers.append((b"retry-after", b"1"))
    return made


def unauthorised(text: str, request_id: str) -> Answer:
    """The answer to a caller without a key, or with a wrong one."""
    body = json.dumps({"message": text, "request_id": request_id}).encode()
    return Answer(401, body, headers=[(b"www-authenticate", b"Bearer")])


def answer(result: object) -> Answer:
    """The answer for a result of ``run()``; raises ``NotSerialisable``."""
    if result is None:
        return Answer(200, b"{}")
    if not isinstance(result, _PLAIN) and is_response(result):
        return _from_response(result)
    return Answer(200, encode(result))


def encode(result: object) -> bytes:
    """JSON as UTF-8; a text is encoded again, as the contract has it. Raises ``NotSerialisable``."""
    try:
        return _ENCODER.encode(result).encode()
    except RecursionError as error:
        raise NotSerialisable("the result of run() contains itself") from error
    except (TypeError, ValueError) as error:
        raise NotSerialisable(f"the result of run() is not JSON serialisable: {error}") from error


def is_response(result: object) -> bool:
    """Whether this is an AMLResponse, a flask.Response or another object of that shape."""
    return hasattr(result, "status_code") and hasattr(result, "headers") and hasattr(result, "get_data")


def _from_response(response: Any) -> Answer:
    headers: Iterable[tuple[str, str]] = response.headers.items()
    kept = []
    content_type = JSON_TYPE
    failed = response.status_code >= 500
    for name, value in headers:
        lower = name.lower()
        if lower == "content-type":
            content_type = str(value).encode("latin-1", "replace")
        elif lower == "x-ms-run-function-failed":
            failed = failed or str(value).lower() == "true"
        elif lower not in ("content-length", "transfer-encoding", "connection"):
            kept.append((lower.encode("latin-1", "replace"), str(value).encode("latin-1", "replace")))
    for key, line in (*kept, (b"content-type", content_type)):
        if any(byte in key + line for byte in b"\r\n\0"):
            raise NotSerialisable(f"the header {key.decode('latin-1')} of the response holds a line break")
    return Answer(response.status_code, response.get_data(), content_type, kept, failed)


def _plain(value: Any) -> object:
    """A JSON value for an object that json does not know; ``TypeError`` when there is none."""
    to_json = getattr(value, "toJSON", None)
    if callable(to_json):
        return _parsed(to_json())
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{type(value).__name__} must be decoded to text first")
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if kind.startswith("pandas.") and hasattr(value, "to_dict") and hasattr(value, "columns"):
        return value.to_dict(orient="records")
    if kind.startswith("pandas.") and type(value).__name__ in ("NAType", "NaTType"):
        return None
    # numpy arrays and scalars, pandas Series and Index, tensors, array.array
    to_list = getattr(value, "tolist", None)
    if callable(to_list):
        return to_list()
    raise TypeError(f"{kind} has no JSON form; return lists, dicts, numbers or text, or give it a toJSON() method")


_ENCODER: Final = json.JSONEncoder(default=_plain)  # json.dumps() would make one for each answer


def _parsed(text: object) -> object:
    # toJSON() documents a string; one that is JSON stands for the value itself, any other is a text.
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
