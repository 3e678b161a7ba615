"""What all acts of this room share: the store, the notifier, and the checks on what users name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection

from zaffre.core import limits
from zaffre.core.errors import InvalidName, InvalidValue, StateConflict
from zaffre.server.notifier import Notifier
from zaffre.server.store import runs
from zaffre.server.store.engine import Store
from zaffre.server.store.runs import RunKey

NAME_TAG: Final = "mlflow.runName"
PARENT_TAG: Final = "mlflow.parentRunId"
UNLIMITED_TAGS: Final = frozenset({"mlflow.log-model.history"})  # a list that MLflow 2 clients make longer and longer

_KEY = re.compile(r"[/\w.\- :]*")


class Acts:
    """The base of every group of acts."""

    def __init__(self, store: Store, notifier: Notifier) -> None:
        self._store = store
        self._notifier = notifier


def active_run(connection: Connection, ws: str, run_id: str) -> RunKey:
    """The run, if it may be written to: it must exist and not be deleted."""
    key = runs.key_of(connection, ws, run_id)
    if key.archived:
        raise StateConflict(
            f"The run {run_id} must be in the 'active' state. Current state is deleted. Restore it first.",
            run_id=run_id,
        )
    return key


def check_length(kind: str, key: str, longest: int = limits.METRIC_NAME) -> None:
    """Raise ``InvalidName`` unless ``key`` may name a metric for Azure, which takes any text (``kind`` names it)."""
    if not key or len(key) > longest:
        raise InvalidName(f"A {kind} name has 1 to {longest} characters; {key[:80]!r} has {len(key)}.", key=key[:80])


def check_key(kind: str, key: str, longest: int = limits.METRIC_NAME) -> None:
    """Raise ``InvalidName`` unless ``key`` may name a metric, parameter or tag for MLflow (``kind`` says which)."""
    check_length(kind, key, longest)
    if not _KEY.fullmatch(key):
        raise InvalidName(
            f"Invalid {kind} name: {key!r}. Names may only contain alphanumerics, underscores (_), dashes (-), "
            "periods (.), spaces ( ), colon(:) and slashes (/).",
            key=key,
        )
    if key.startswith(("/", "..")) or posixpath.normpath(key) != key:
        raise InvalidName(
            f"Invalid {kind} name: {key!r}. Names may be treated as files in certain cases, and must not resolve to "
            f"other names when treated as such: this one is {posixpath.normpath(key)!r}.",
            key=key,
        )


def check_tags(tags: Mapping[str, str], kind: str = "tag") -> None:
    """Raise ``InvalidName`` or ``InvalidValue`` unless all of ``tags`` may be kept."""
    for key, value in tags.items():
        if not key or len(key) > limits.TAG_KEY:
            raise InvalidName(f"A {kind} name has 1 to {limits.TAG_KEY} characters; {key[:80]!r} has {len(key)}.")
        if len(value) > limits.TAG_VALUE and key not in UNLIMITED_TAGS:
            raise InvalidValue(
                f"The value of {kind} {key!r} has {len(value)} characters; at most {limits.TAG_VALUE} are kept. "
                "Log it as a file instead.",
                key=key,
            )
