"""How a web service is asked whether it lives, and when that counts as no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from zaffre.core.errors import InvalidValue

_MOST_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class LivenessProbe:
    """The defaults are those of Azure's clusters. ``InvalidValue`` for values that cannot be."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    period_seconds: int = 10  # between two questions
    initial_delay_seconds: int = 310  # before the first
    timeout_seconds: int = 2  # that an answer may take
    success_threshold: int = 1  # answers in a row that make up for what was not answered before
    failure_threshold: int = 3  # questions in a row without an answer, after which it is started anew

    def __post_init__(self) -> None:
        for name in ("period_seconds", "initial_delay_seconds", "timeout_seconds"):
            _check(name, getattr(self, name), _MOST_SECONDS)
        for name in ("success_threshold", "failure_threshold"):
            _check(name, getattr(self, name), 1000)


def _check(name: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise InvalidValue(f"{name} of a liveness probe must be from 1 to {most}, not {value!r}.")
