"""How a new revision of a service comes to serve, as the command line says it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from cyclopts import Group, Parameter

from zaffre.core.rollout import Rollout, changed

GROUP = Group("How a new revision comes to serve", sort_key=7)


@Parameter(name="*", group=GROUP)
@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutFlags:
    preflight: Literal["sample", "init"] | None = None
    """What is tried before: run() on the script's sample (the default), or no more than init()."""
    bake_seconds: float | None = None
    """How long it is watched after an update, 120 by default; 0: it is not, and never rolled back."""
    max_error_rate: float | None = None
    """The share of answers of 500 and above at which it is rolled back, 0.5 by default."""
    max_latency_ms: float | None = None
    """What 95 of 100 answers may take before it is rolled back; by default there is no limit."""
    min_requests: int | None = None
    """With fewer answers nothing is concluded, 20 by default."""

    def chosen(self) -> Rollout | None:
        """None where nothing was said. Raises ``InvalidValue``."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return changed(Rollout(), given) if given else None


AS_USUAL = RolloutFlags()
