"""Identifiers, made in one place so that their shapes can be relied on."""

from __future__ import annotations

import secrets
import time
import uuid


def new_uuid() -> str:
    return str(uuid.uuid4())


def new_hex() -> str:
    """32 hexadecimal digits: the shape of a run id that an MLflow client makes."""
    return uuid.uuid4().hex


def new_run_id(experiment_name: str) -> str:
    """``<experiment>_<unix seconds>_<8 hex>``: the shape of a submitted run's id."""
    return f"{experiment_name}_{int(time.time())}_{secrets.token_hex(4)}"


def new_secret() -> str:
    """A random 256-bit key, URL-safe."""
    return secrets.token_urlsafe(32)


def now_ms() -> int:
    """Milliseconds since the epoch: the unit of every time on the wire and in the store."""
    return time.time_ns() // 1_000_000
