"""Who may call a service with keys or tokens: whoever sends one of those that its keys file knows.

The file holds SHA-256 digests, that of a token with the time of its end, so that neither this process nor the entry
script knows a key. Who deploys the service replaces the file; it is read again when it changed, which is looked at with
every call.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from pathlib import Path

from zaffre.core.service_keys import read_digests
from zaffre.serving.request import Headers

_BEARER = b"bearer "
MISSING = (
    "This service has authentication enabled: send one of its keys in the header 'Authorization: Bearer <key>'. "
    "service.get_keys() and `zaffre service keys` tell them."
)
MISSING_TOKEN = (
    "This service has token authentication enabled: send a token in the header 'Authorization: Bearer <token>'. "
    "service.get_access_token() and `zaffre service token` make one."
)
EXPIRED = "The token in the Authorization header has expired: get a new one with service.get_access_token()."
WRONG_TOKEN = (
    "The token in the Authorization header is not one of this service's: service.get_access_token() makes one."
)
WRONG = "The key in the Authorization header is not one of this service's: it may have been regenerated."


class Keys:
    """The keys of ``file``; a file that cannot be read opens to nobody."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._digests: list[bytes] | None = []
        self._tokens: dict[bytes, int] = {}  # digest -> when it expires, in milliseconds

    def refusal(self, headers: Headers) -> str | None:
        """Why this caller may not call, as a sentence; None when it may."""
        self._look()
        if self._digests is None:
            return None
        given = next((value for name, value in headers if name == b"authorization"), b"")
        if not given.lower().startswith(_BEARER) or not (key := given[len(_BEARER) :].strip()):
            return MISSING if self._digests else MISSING_TOKEN if self._tokens else MISSING
        sent = hashlib.sha256(key).hexdigest().encode()
        # Every digest is compared, in constant time: how long it takes tells nothing of the keys.
        matches = [hmac.compare_digest(sent, known) for known in self._digests]
        if any(matches):
            return None
        # What is looked up is a digest, of which a caller cannot choose the first part: the time tells nothing.
        if (ends := self._tokens.get(sent)) is not None:
            return None if time.time() * 1000 < ends else EXPIRED
        return WRONG if self._digests else WRONG_TOKEN

    def _look(self) -> None:
        try:
            found = os.stat(self._file)
        except OSError:
            self._digests, self._tokens, self._seen = [], {}, None
            return
        seen = (found.st_mtime_ns, found.st_ino)
        if seen != self._seen:
            digests = read_digests(self._file)
            parts = [one.encode().partition(b"@") for one in digests or ()]
            self._digests = None if digests is None else [one for one, at, _ in parts if not at]
            self._tokens = {one: int(ends) for one, at, ends in parts if at}
            self._seen = seen
