"""Environments on this machine: explained, counted, removed; and the locks that runs and services were built from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from zaffre.core.entities import EnvironmentLock, EnvironmentUse
from zaffre.core.errors import NotFound
from zaffre.environments import disk, lock
from zaffre.environments import explain as explaining
from zaffre.environments.disk import Item
from zaffre.environments.explain import Explanation
from zaffre.environments.realise import Realised, realise
from zaffre.sdk import discovery
from zaffre.sdk.scope import Scope

if TYPE_CHECKING:
    from zaffre.sdk.environment import Environment

__all__ = [
    "Explanation",
    "Item",
    "build",
    "disk_use",
    "explain",
    "lock_of",
    "prunable",
    "prune",
    "text_of",
    "tokens_of",
    "use_of",
]


def explain(environment: Environment) -> Explanation:
    """What was asked, what it resolved to here, what was reused, and why it was built anew; nothing is built."""
    return explaining.explain(environment._definition(), discovery.home())


def tokens_of(scope: Scope) -> dict[str, str]:
    """What opens the wheels that the workspace keeps, by the server's address."""
    return {scope.client.url: scope.client.token}


def build(environment: Environment, scope: Scope, *, anew: bool = False) -> Realised:
    """Build the environment here, printing the log; ``anew`` resolves it again, to newer versions."""

    def log(line: str) -> None:
        sys.stdout.write(f"{line}\n")

    return realise(environment._definition(), home=discovery.home(), log=log, anew=anew, tokens=tokens_of(scope))


def use_of(scope: Scope, *place: str) -> EnvironmentUse:
    """The environment that ``("runs", id)`` or ``("services", name)`` really got; raises ``NotFound``."""
    return scope.client.get(scope.path(*place, "environment"), EnvironmentUse)


def lock_of(scope: Scope, *place: str) -> EnvironmentLock | None:
    """The lock it was built from; None for an interpreter used as it is, and while nothing is prepared."""
    try:
        return use_of(scope, *place).lock
    except NotFound:
        return None


def text_of(held: EnvironmentLock) -> str:
    """A lock for people."""
    return lock.text_of(held)


def disk_use() -> list[Item]:
    """What environments take on this machine's disk, the largest first."""
    return disk.items(discovery.home())


def prune(*, unused_for: float, packages: bool = False) -> list[Item]:
    """Remove what was not used for so many seconds; what a running program uses stays. Returns what was removed."""

    def log(line: str) -> None:
        sys.stdout.write(f"{line}\n")

    return disk.prune(discovery.home(), unused_for=unused_for, log=log, packages=packages)


def prunable(*, unused_for: float, packages: bool = False) -> list[Item]:
    """What ``prune`` would remove."""
    return disk.candidates(disk_use(), unused_for=unused_for, packages=packages)
