"""How many workers answer for a web service: as many as its load asks for, between two bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from zaffre.core.errors import InvalidValue

MOST_WORKERS: Final = 64  # of one service: they are processes of one machine
DEFAULT_MOST: Final = 10  # as on Azure; at most as many as the machine has processors
DEFAULT_TARGET: Final = 70  # percent
DOWN_SECONDS: Final = 60.0  # how long fewer must have been enough before there are fewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """``InvalidValue`` for values that cannot be."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    min_workers: int | None = None  # None: what the environment's WORKER_COUNT says, else 1
    max_workers: int | None = None  # None: one for each processor that the service may use, and at most 10
    refresh_seconds: int = 1  # between two looks at the load
    target_utilization: int = DEFAULT_TARGET  # the share of its time that a worker shall be busy, in percent

    def __post_init__(self) -> None:
        least = 1 if self.min_workers is None else self.min_workers
        most = MOST_WORKERS if self.max_workers is None else self.max_workers
        _check("min_workers", least, 1 <= least <= MOST_WORKERS, f"1 to {MOST_WORKERS}")
        _check("max_workers", most, 1 <= most <= MOST_WORKERS, f"1 to {MOST_WORKERS}")
        _check("max_workers", most, most >= least, f"at least min_workers, {least}")
        _check("refresh_seconds", self.refresh_seconds, 1 <= self.refresh_seconds <= 3600, "1 to 3600")
        _check("target_utilization", self.target_utilization, 1 <= self.target_utilization <= 100, "1 to 100 percent")

    def arguments(self) -> tuple[str, ...]:
        """What tells the scoring server."""
        most = "auto" if self.max_workers is None else str(self.max_workers)
        least = () if self.min_workers is None else ("--workers", str(self.min_workers))
        return (
            *least, "--max-workers", most,
            "--target-utilization", str(self.target_utilization), "--scale-interval", str(self.refresh_seconds),
        )  # fmt: skip


def _check(name: str, value: object, fits: bool, wanted: str) -> None:
    if not fits:
        raise InvalidValue(f"{name} of a service's scaling must be {wanted}, not {value!r}.")
