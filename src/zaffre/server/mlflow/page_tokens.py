"""Page tokens belong to one query: behind what the store gave stands a digest of what was asked for.

The store's tokens are positions. With another filter, such a position would answer a page that looks right and leaves
rows out.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from zaffre.core.errors import InvalidValue
from zaffre.server.mlflow.framing import Message

_FIELD: Final = "page_token"
_FREE: Final = (_FIELD, "max_results")  # the next page may have another size


def has_pages(message: type[Message]) -> bool:
    return _FIELD in message.__struct_fields__


def check(message: Any, workspace: str) -> str:
    """The digest of a query; its token, if it brings one, is left as the store gave it.

    Raises ``InvalidValue`` for a token of another query.
    """
    asked = [workspace, *(getattr(message, name) for name in message.__struct_fields__ if name not in _FREE)]
    digest = hashlib.blake2b(msgspec.json.encode(asked), digest_size=6).hexdigest()
    if message.page_token:
        position, dot, given = message.page_token.rpartition(".")
        if not dot:
            raise InvalidValue(
                f"Invalid page token {message.page_token!r:.200}: use the one that the page before answered."
            )
        if given != digest:
            raise InvalidValue(
                f"Invalid page token {message.page_token!r:.200}: it belongs to another search. Ask for the first page "
                "of this one, or send what was sent for the page before."
            )
        message.page_token = position
    return digest


def bind(answer: Any, digest: str) -> Any:
    """``answer``, its token bound to the query."""
    if isinstance(answer, dict) and answer.get("next_page_token"):
        answer["next_page_token"] = f"{answer['next_page_token']}.{digest}"
    return answer
