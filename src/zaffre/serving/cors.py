"""Cross-origin answers for the origins that AML_CORS_ORIGINS names (``*`` for any)."""

from __future__ import annotations

from zaffre.serving.request import Headers, Request

_METHODS = b"GET, POST"


def headers(request: Request, origins: tuple[str, ...]) -> Headers:
    """The headers to add to an answer; none when the request names no allowed origin."""
    origin = request.header(b"origin")
    if not origin or not ("*" in origins or origin.decode("latin-1") in origins):
        return []
    answered = [(b"access-control-allow-origin", b"*" if "*" in origins else origin)]
    if "*" not in origins and len(origins) > 1:
        answered.append((b"vary", b"Origin"))
    if request.method == "OPTIONS" and request.header(b"access-control-request-method").upper() in (b"GET", b"POST"):
        answered.append((b"access-control-allow-methods", _METHODS))
        wanted = request.header(b"access-control-request-headers")
        if wanted:
            answered.append((b"access-control-allow-headers", wanted))
    return answered
