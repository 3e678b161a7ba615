"""What a search for traces may name, in the grammar of ``filters``."""

from __future__ import annotations

from typing import Final

from zaffre.core.filters import ORDERED, Entity, Grammar, Op

_TEXT: Final = frozenset({Op.EQ, Op.NE, Op.LIKE, Op.ILIKE, Op.RLIKE})
_MEMBER: Final = frozenset({Op.IN, Op.NOT_IN})
_NULL: Final = frozenset({Op.IS_NULL, Op.IS_NOT_NULL})
_CONTENT: Final = frozenset({Op.LIKE, Op.ILIKE})
SPAN_ATTRIBUTE: Final = "attributes."

TRACES: Final = Grammar(
    noun="traces",
    texts={
        **dict.fromkeys(("request_id", "status", "client_request_id", "name", "run_id"), _TEXT | _MEMBER),
        "prompt": frozenset({Op.EQ}),
        "text": _CONTENT,
    },
    numbers=frozenset({"timestamp_ms", "execution_time_ms", "end_time_ms"}),
    entities={
        Entity.TAG: _TEXT | _NULL,
        Entity.METADATA: _TEXT | _NULL,
        Entity.FEEDBACK: _TEXT | _NULL | ORDERED,
        Entity.EXPECTATION: _TEXT | _NULL | ORDERED,
    },
    order=frozenset({"timestamp_ms", "execution_time_ms", "end_time_ms", "status", "request_id", "name", "run_id"})
    | {"experiment_id"},
    order_entities=frozenset({Entity.TAG, Entity.METADATA}),
    aliases={"timestamp": "timestamp_ms", "execution_time": "execution_time_ms", "end_time": "end_time_ms"},
    keyed={
        Entity.SPAN: {
            **dict.fromkeys(("name", "type", "status", f"{SPAN_ATTRIBUTE}*"), _TEXT | _MEMBER),
            "content": _CONTENT,
        },
        Entity.ISSUE: {"id": frozenset({Op.EQ})},
    },
    names={
        **dict.fromkeys(("attribute", "attributes", "trace"), Entity.ATTRIBUTE),
        **dict.fromkeys(("tag", "tags"), Entity.TAG),
        **dict.fromkeys(("metadata", "request_metadata"), Entity.METADATA),
        "span": Entity.SPAN,
        "feedback": Entity.FEEDBACK,
        "expectation": Entity.EXPECTATION,
        "issue": Entity.ISSUE,
    },
)
