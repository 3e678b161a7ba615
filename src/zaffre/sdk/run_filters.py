"""Which runs a list holds: the filters of ``get_runs``, ``get_children`` and their kin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zaffre.core import entities
from zaffre.sdk.scope import Scope

Filter = Mapping[str, Any] | str | Sequence[str] | None


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Type, tags, properties and status that a run must have.

    ``tags`` and ``properties``: key to value (a value of None: the key exists), a key, or several keys.
    """

    type: str | None = None
    tags: Filter = None
    properties: Filter = None
    status: str | None = None

    def runs(self, scope: Scope, **where: object) -> Iterator[entities.Run]:
        """The matching runs, newest first; ``where`` are further query parameters."""
        where |= {"type": self.type, "status": self.status}
        where |= {"tag": _first(self.tags), "property": _first(self.properties)}
        for run in scope.client.items(scope.path("runs"), entities.Run, at_most=None, **where):
            if self.matches(run):
                yield run

    def matches(self, run: entities.Run) -> bool:
        return (
            self.type in (None, run.type)
            and self.status in (None, run.status.value)
            and _holds(run.tags, self.tags)
            and _holds(run.properties, self.properties)
        )


def wanted_pairs(wanted: Filter) -> list[tuple[str, str | None]]:
    """A filter as pairs of key and value; None: any value."""
    if wanted is None:
        return []
    if isinstance(wanted, str):
        return [(wanted, None)]
    if isinstance(wanted, Mapping):
        return [(str(key), None if value is None else str(value)) for key, value in wanted.items()]
    return [(str(key), None) for key in wanted]


def _holds(held: Mapping[str, str], wanted: Filter) -> bool:
    return all(key in held and value in (None, held[key]) for key, value in wanted_pairs(wanted))


def _first(wanted: Filter) -> str | None:
    """The one condition that the server narrows the list by; the rest is looked at here."""
    pairs = wanted_pairs(wanted)
    if not pairs:
        return None
    key, value = pairs[0]
    return key if value is None else f"{key}={value}"
