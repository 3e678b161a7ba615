"""Moments and durations as protobuf's JSON writes them, and as we keep them: whole milliseconds.

(protobuf.dev/programming-guides/json: Timestamp is RFC 3339 in UTC, Duration is seconds with an "s" behind.)
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

from zaffre.core.errors import InvalidValue

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")
_DURATION: Final = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s")


def moment(text: str) -> int:
    """Milliseconds since the epoch; raises ``InvalidValue``."""
    match = _MOMENT.fullmatch(text)
    if match is not None:
        try:
            whole = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
        except ValueError:
            match = None
    if match is None:
        raise InvalidValue(f"{text[:80]!r} is not a time such as 2026-01-31T12:30:00.250Z.")
    return (whole - _EPOCH) // timedelta(milliseconds=1) + _thousandths(match[2])


def duration(text: str) -> int:
    """Milliseconds; raises ``InvalidValue``."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InvalidValue(f"{text[:80]!r} is not a duration such as 1.250s.")
    value = int(match[2]) * 1000 + _thousandths(match[3])
    return -value if match[1] else value


def moment_text(ms: int) -> str:
    try:
        at = _EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        at = _EPOCH
    fraction = f".{ms % 1000:03d}" if ms % 1000 else ""
    return f"{at:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def duration_text(ms: int) -> str:
    seconds, rest = divmod(abs(ms), 1000)
    return f"{'-' if ms < 0 else ''}{seconds}{f'.{rest:03d}' if rest else ''}s"


def _thousandths(digits: str | None) -> int:
    return int(f"{digits or '':0<3}"[:3])
