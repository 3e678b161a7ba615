"""What a service answered and used, read from the workspace."""

from __future__ import annotations

import datetime
import re
from typing import Final

from zaffre.core.errors import UserErrorException
from zaffre.core.ids import now_ms
from zaffre.core.telemetry_wire import ServiceMetrics
from zaffre.sdk.scope import Scope

Moment = str | datetime.datetime | datetime.timedelta

_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGO: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")


def read(
    scope: Scope,
    name: str,
    since: Moment | None = None,
    until: Moment | None = None,
    points: int | None = None,
    revision: int | None = None,
) -> ServiceMetrics:
    """Raises ``UserErrorException`` for a time that cannot be read, ``WebserviceNotFound``."""
    path = scope.path("services", name, "metrics")
    given = {"since": _milliseconds("since", since), "until": _milliseconds("until", until)}
    asked = {**given, "points": points, "revision": revision}
    return scope.client.get(path, ServiceMetrics, **{key: value for key, value in asked.items() if value is not None})


def _milliseconds(what: str, given: Moment | None) -> int | None:
    """A time, or how long ago it was."""
    if given is None:
        return None
    if isinstance(given, datetime.datetime):
        return int(given.timestamp() * 1000)
    if isinstance(given, datetime.timedelta):
        return now_ms() - int(given.total_seconds() * 1000)
    found = _AGO.fullmatch(given.strip().lower())
    if found is not None and found[2] in _UNITS:
        return now_ms() - int(float(found[1]) * _UNITS[found[2]] * 1000)
    try:
        return int(datetime.datetime.fromisoformat(given).timestamp() * 1000)
    except ValueError as error:
        raise UserErrorException(
            f"{what}={given!r} is not a time: write how long ago, such as 15m, 1h or 7d, or a time such as "
            "2026-01-31T08:00."
        ) from error
