"""What the router answers by itself."""

from __future__ import annotations

import json
from http import HTTPStatus


def message(status: int, sentence: str, request_id: bytes, *, close: bool = False, head: bool = False) -> bytes:
    """A refusal as JSON, with the request's id."""
    told = {"message": sentence, "request_id": request_id.decode("latin-1")}
    return whole(status, json.dumps(told).encode(), b"application/json", request_id, close=close, head=head)


def whole(
    status: int, body: bytes, kind: bytes, request_id: bytes, *, close: bool = False, head: bool = False
) -> bytes:
    named = b"x-request-id: %b\r\n" % request_id if request_id else b""
    closing = b"connection: close\r\n" if close else b""
    phrase = HTTPStatus(status).phrase.encode()
    start = b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n" % (status, phrase, kind, len(body))
    return b"%b%b%b\r\n%b" % (start, named, closing, b"" if head else body)
