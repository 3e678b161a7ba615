"""Times as Azure's SDK writes them."""

from __future__ import annotations

import datetime


def moment(milliseconds: int) -> datetime.datetime:
    """An aware UTC time from milliseconds since the epoch."""
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)


def iso(milliseconds: int) -> str:
    """``2026-01-31T12:00:00.123000Z``."""
    return moment(milliseconds).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
