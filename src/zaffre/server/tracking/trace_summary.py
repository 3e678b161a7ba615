"""What a trace as a whole is, by its spans: its times, its state, its name, previews, tokens and cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from zaffre.core import limits
from zaffre.core.entities import Json
from zaffre.core.span_attributes import COSTS, TAG_PREFIX, TOKENS, first, inputs, outputs, plain, token_usage, total
from zaffre.core.traces import COST, ERROR, IN_PROGRESS, OK, SESSION, SPANS_TAG, TOKEN_USAGE, UNSPECIFIED, USER, Span
from zaffre.server.store.spans import Values
from zaffre.server.store.traces import TraceKey

_PREVIEW: Final = 1000  # characters


def times(start_ns: int, end_ns: int | None) -> dict[str, Any]:
    start = start_ns // 1_000_000
    return {"start_time": start, "duration_ms": None if end_ns is None else end_ns // 1_000_000 - start}


def of_root(root: Span, key: TraceKey) -> dict[str, Any]:
    """The columns that the root span fills where nothing else did."""
    values: dict[str, Any] = {}
    if key.status in (IN_PROGRESS, UNSPECIFIED) and root.end_ns is not None:
        values["status"] = ERROR if root.status == ERROR else OK
    if key.name is None:
        values["name"] = root.name
    if key.request_preview is None:
        values["request_preview"] = preview(inputs(root), "user")
    if key.response_preview is None:
        values["response_preview"] = preview(outputs(root), "assistant")
    return values


def tags_of_root(root: Span) -> dict[str, str]:
    """The trace's tags that came as attributes of its root span."""
    given = {
        key[len(TAG_PREFIX) :]: plain(value) for key, value in root.attributes.items() if key.startswith(TAG_PREFIX)
    }
    return {
        key: text(value)[: limits.TAG_VALUE]
        for key, value in given.items()
        if 0 < len(key) <= limits.TAG_KEY and key != SPANS_TAG
    }


def metadata_of_root(root: Span) -> dict[str, str]:
    """The session and the user, by OpenTelemetry's conventions."""
    session = first(root.attributes, "session.id", "gen_ai.conversation.id")
    user = first(root.attributes, "user.id")
    return {key: text(value) for key, value in ((SESSION, session), (USER, user)) if value is not None}


def text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def token_columns(value: Json) -> dict[str, int | None]:
    """Every column of tokens, from an object or its text; None where nothing is said."""
    found = token_usage(value)
    return {name: found.get(name) for name in TOKENS}


def sums(usage: Sequence[Values], cost: Sequence[Values]) -> dict[str, str]:
    """The trace's tokens and dollars as metadata, as MLflow's clients write it; absent where no span says anything."""
    found = {}
    for name, given, always in ((TOKEN_USAGE, total(usage), TOKENS[:3]), (COST, total(cost), COSTS)):
        if given:
            found[name] = json.dumps({**dict.fromkeys(always, 0), **given})
    return found


def preview(value: Json, role: str) -> str | None:
    """The beginning of a trace's inputs or outputs; of a conversation, the last thing that ``role`` said."""
    if value is None:
        return None
    said = _last_said(value, role) or text(value)
    return said if len(said) <= _PREVIEW else f"{said[: _PREVIEW - 3]}..."


def _last_said(value: Json, role: str) -> str | None:
    messages = _messages(value)
    said = [message for message in messages if message.get("role") == role] or messages
    content = said[-1].get("content") if said else None
    if isinstance(content, list):  # parts of a message, of which some are text
        content = " ".join(
            part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    return content if isinstance(content, str) else None


def _messages(value: Json) -> list[dict[str, Json]]:
    """The messages of a chat request or answer in the shapes that chat services use; none for anything else."""
    if isinstance(value, dict):
        choices = value.get("choices")
        if isinstance(choices, list):
            return [
                choice["message"]
                for choice in choices
                if isinstance(choice, dict) and _is_message(choice.get("message"))
            ]
        inner = next((value[name] for name in ("messages", "input", "request") if name in value), None)
        return _messages(inner) if isinstance(inner, dict | list) else []
    if isinstance(value, list) and value and all(map(_is_message, value)):
        return list(value)
    return []


def _is_message(value: Json) -> bool:
    return isinstance(value, dict) and "role" in value and "content" in value
