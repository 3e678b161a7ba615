"""How a new revision of a web service comes to serve: what is tried before, and what is watched after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Final, Literal

from zaffre.core.errors import InvalidValue

BAKE: Final = "bake"  # the step of a deployment in which it is watched
BAKE_SECONDS: Final = 120.0
_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """``InvalidValue`` for values that cannot be."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    preflight: Literal["sample", "init"] = "sample"  # try run() on the script's sample, or no more than init()
    bake_seconds: float = BAKE_SECONDS  # after an update, how long the new revision is watched; 0: it is not
    max_error_rate: float | None = 0.5  # the share of answers of 500 and above that is too much; None: any will do
    max_latency_ms: float | None = None  # what 95 of 100 answers may take at most; None: any will do
    min_requests: int = 20  # with fewer answers nothing is concluded

    def __post_init__(self) -> None:
        _check("bake_seconds", self.bake_seconds, 0 <= self.bake_seconds <= _DAY, f"a number from 0 to {_DAY:g}")
        if (rate := self.max_error_rate) is not None:
            _check("max_error_rate", rate, 0 <= rate < 1, "a share from 0 up to, but not, 1, or None for no limit")
        if (latency := self.max_latency_ms) is not None:
            _check("max_latency_ms", latency, latency > 0, "a number above 0, or None for no limit")
        _check("min_requests", self.min_requests, self.min_requests >= 1, "a whole number above 0")
        _check("preflight", self.preflight, self.preflight in ("sample", "init"), "sample or init")

    @property
    def is_watched(self) -> bool:
        return self.bake_seconds > 0 and (self.max_error_rate is not None or self.max_latency_ms is not None)


NAMES: Final = tuple(one.name for one in fields(Rollout))


def changed(known: Rollout, values: Mapping[str, Any]) -> Rollout:
    """``known`` with some values replaced. Raises ``InvalidValue``, also for a name or a type that is wrong."""
    for name, value in values.items():
        if name not in NAMES:
            raise InvalidValue(f"A rollout has no {name!r}: it has {', '.join(NAMES)}.")
        kinds: tuple[type, ...] = (str,) if name == "preflight" else (int,) if name == "min_requests" else (int, float)
        may_be_none = name in ("max_error_rate", "max_latency_ms")
        if isinstance(value, bool) or not (isinstance(value, kinds) or (value is None and may_be_none)):
            raise InvalidValue(f"{name} of a rollout cannot be {value!r}.")
    return replace(known, **values)


def _check(name: str, value: object, fits: bool, wanted: str) -> None:
    if not fits:
        raise InvalidValue(f"{name} of a rollout must be {wanted}, not {value!r}.")
