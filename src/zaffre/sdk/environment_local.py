"""Environments on this machine: explained, counted, removed; and the locks that runs and services were built from."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zaffre.core.entities import EnvironmentLock, EnvironmentUse
from zaffre.core.environment_wire import DiskItem, EnvironmentPrune
from zaffre.core.errors import EngineError, NotFound
from zaffre.core.wire import API, Page
from zaffre.docker.engine import Engine
from zaffre.environments import disk, image_disk, image_explain, image_spec, lock
from zaffre.environments import explain as explaining
from zaffre.environments.disk import Item
from zaffre.environments.explain import Explanation
from zaffre.environments.images import Image, build_image
from zaffre.environments.realise import Realised, realise
from zaffre.launch.docker import DockerBackend
from zaffre.sdk import discovery
from zaffre.sdk.client import Client
from zaffre.sdk.scope import Scope

if TYPE_CHECKING:
    from zaffre.sdk.environment import Environment

__all__ = [
    "Explanation",
    "Item",
    "build",
    "build_one",
    "disk_use",
    "disk_use_there",
    "explain",
    "find_engine",
    "lock_of",
    "prunable",
    "prune",
    "prune_there",
    "text_of",
    "tokens_of",
    "use_of",
]


def explain(environment: Environment) -> Explanation:
    """What was asked, what it resolved to here, what was reused, and why it was built anew; nothing is built."""
    definition, home = environment._definition(), discovery.home()
    if image_spec.needs_image(definition):
        return image_explain.explain_image(definition, home)
    return explaining.explain(definition, home)


def tokens_of(scope: Scope) -> dict[str, str]:
    """What opens the wheels that the workspace keeps, by the server's address."""
    return {scope.client.url: scope.client.token}


def build(environment: Environment, scope: Scope, *, anew: bool = False) -> Realised | Image:
    """Build the environment here, printing the log; ``anew`` resolves it again, to newer versions."""

    def log(line: str) -> None:
        sys.stdout.write(f"{line}\n")

    definition = environment._definition()
    return build_one(definition, discovery.home(), log, tokens_of(scope), anew=anew)


def build_one(
    definition: Mapping[str, Any],
    home: Path,
    log: Callable[[str], None],
    tokens: Mapping[str, str],
    *,
    anew: bool = False,
    in_image: bool | None = None,
    push: bool = False,
) -> Realised | Image:
    """A folder of this machine, or an image where the definition needs one; ``in_image`` says which without asking it;
    ``push`` sends an image to the registry.

    Raises what ``realise`` and ``build_image`` raise.
    """
    wanted = image_spec.needs_image(definition) if in_image is None else in_image
    if wanted:
        return build_image(definition, engine=Engine.connect(), home=home, log=log, tokens=tokens, anew=anew, push=push)
    return realise(definition, home=home, log=log, tokens=tokens, anew=anew)


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


def find_engine() -> Engine:
    """This machine's container engine; raises ``EngineUnavailable`` saying what to start."""
    return Engine.connect()


def disk_use() -> list[Item]:
    """What environments take on this machine's disk, the largest first; images where an engine answers."""
    home = discovery.home()
    try:
        images = image_disk.items(Engine.connect(), home)
    except EngineError:
        images = []
    return sorted([*disk.items(home), *images], key=lambda item: -item.size)


def prune(*, unused_for: float, packages: bool = False) -> list[Item]:
    """Remove what was not used for so many seconds; what a running program uses stays. Returns what was removed."""

    def log(line: str) -> None:
        sys.stdout.write(f"{line}\n")

    home = discovery.home()
    removed = disk.prune(home, unused_for=unused_for, log=log, packages=packages)
    try:
        engine = Engine.connect()
        found = disk.candidates(image_disk.items(engine, home), unused_for=unused_for, packages=False)
        DockerBackend(engine).remove_orphans()
        return removed + [item for item in found if image_disk.remove(engine, home, item)]
    except EngineError:
        return removed  # no engine, no images


def disk_use_there(client: Client) -> list[Item]:
    """What environments take on the server's disk, the largest first: for admins, others get ``PermissionDenied``."""
    return [_item(one) for one in client.items(f"{API}/disk/environments", DiskItem)]


def prune_there(client: Client, items: list[Item]) -> list[Item]:
    """Remove those from the server's disk that nothing uses meanwhile. Returns what was removed."""
    body = EnvironmentPrune(keys=[item.key for item in items])
    page = client.post(f"{API}/disk/environments/prune", Page[DiskItem], body, idempotent=True)
    return [_item(one) for one in page.items]


def _item(told: DiskItem) -> Item:
    kind: Any = told.kind
    return Item(
        key=told.key,
        what=told.what,
        size=told.size,
        freed=told.freed,
        used_at=None if told.used_at is None else told.used_at / 1000,
        in_use=told.in_use,
        kind=kind,
        layers=told.layers,
        shared_layers=told.shared_layers,
    )


def prunable(found: list[Item], *, unused_for: float, packages: bool = False) -> list[Item]:
    """What of it a prune removes."""
    return disk.candidates(found, unused_for=unused_for, packages=packages)
