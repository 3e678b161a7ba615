"""Cross-origin answers for the origins that AML_CORS_ORIGINS names (``*`` for any)."""

from __future__ import annotations

from zaffre.serving.request import Headers

_METHODS = b"GET, POST, OPTIONS"


def headers(request_headers: Headers, origins: tuple[str, ...]) -> Headers:
    """The headers to add to an answer; none when the request names no allowed origin."""
    given = dict(request_headers)
    origin = given.get(b"origin", b"")
    if not origin or not ("*" in origins or origin.decode("latin-1") in origins):
        return []
    answered = [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
    if b"access-control-request-method" in given:
        answered.append((b"access-control-allow-methods", _METHODS))
        wanted = given.get(b"access-control-request-headers")
        if wanted:
            answered.append((b"access-control-allow-headers", wanted))
    return answered
