"""What an environment is on this machine: what was asked, what it resolved to, what was reused, why it was rebuilt."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zaffre.core.entities import EnvironmentLock
from zaffre.environments import history
from zaffre.environments.cache import Cache
from zaffre.environments.conda_prefix import extended
from zaffre.environments.resolve import Resolver
from zaffre.environments.spec import parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """``state`` is a sentence; ``lock`` is None as long as nothing was resolved here."""

    name: str
    state: str
    asked: list[str]  # one line each
    lock: EnvironmentLock | None = None
    prefix: str = ""
    image: str = ""  # its tag, where it is one and built
    notes: list[str] = field(default_factory=list)  # what was substituted
    resolutions: list[history.Entry] = field(default_factory=list)  # of this name, the newest last
    differs: list[str] = field(default_factory=list)  # from the last resolution: why the next use resolves anew


def explain(definition: Mapping[str, Any], home: Path) -> Explanation:
    """Look, and build nothing. Raises what ``spec.parse`` raises."""
    spec = extended(parse(definition))
    name = spec.name
    if spec.user_managed:
        found = shutil.which(spec.interpreter_path) or "not on this machine"
        state = f"Uses the interpreter {spec.interpreter_path} ({found}) as it is: nothing is built."
        return Explanation(name=name, state=state, asked=[f"interpreter {spec.interpreter_path}"])
    cache = Cache(home)
    cache.prepare()
    resolver = Resolver(spec, home, lambda _: None, "run", None)
    asked = resolver.asked()
    entries = history.History(home, name).entries()
    resolved = cache.resolved(resolver.fingerprint())
    if resolved is None:
        differs = history.changes(entries[-1], asked) if entries else []
        state = "Not resolved on this machine yet: the next use solves and builds it."
        return Explanation(name=name, state=state, asked=asked, resolutions=entries, differs=differs)
    key = resolved.lock.key
    return Explanation(
        name=name,
        state=_state(cache, key),
        asked=asked,
        lock=resolved.lock,
        prefix=str(cache.prefix(key)),
        notes=resolved.notices,
        resolutions=entries,
    )


def _state(cache: Cache, key: str) -> str:
    if cache.find(key) is None:
        return "Resolved, and not built at the moment: the next use builds it from its lock."
    damaged = cache.damage(key)
    if damaged:
        return f"Damaged: {', '.join(list(damaged)[:5])} not as built; the next use builds it again from its lock."
    return "Built: the next use finds it."
