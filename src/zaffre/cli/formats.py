"""How single values read in a table: times, sizes, tags."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

_STATUS_STYLES = {
    "completed": "green",
    "running": "cyan",
    "healthy": "green",
    "failed": "red",
    "unhealthy": "red",
    "notresponding": "yellow",
    "unknown": "yellow",
    "ok": "green",
    "warning": "yellow",
    "missing": "red",
}


def moment(milliseconds: int | None) -> str:
    """Local time to the second; empty for none."""
    return "" if milliseconds is None else f"{datetime.fromtimestamp(milliseconds / 1000):%Y-%m-%d %H:%M:%S}"


def duration(begin: int | None, end: int | None) -> str:
    """Between two times in milliseconds, e.g. ``1 h 02 min`` or ``4.2 s``; empty while one is missing."""
    if begin is None or end is None:
        return ""
    seconds = max(0, end - begin) / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def size(count: int | None) -> str:
    """Bytes in the largest fitting unit, e.g. ``1.4 MiB``."""
    if count is None:
        return ""
    if count < 1024:
        return f"{count} B"
    amount = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if amount < 1024:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1024:.1f} TiB"


def pairs(values: Mapping[str, object]) -> str:
    """``a=1, b=x``; a key without a value stands alone."""
    return ", ".join(f"{key}={value}" if value not in ("", None) else key for key, value in values.items())


def style(status: str) -> str:
    return _STATUS_STYLES.get(status.lower(), "")
