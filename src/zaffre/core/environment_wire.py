"""The messages about environments on the server's machine: building, explaining and removing them."""

from __future__ import annotations

from dataclasses import dataclass

from zaffre.core.entities import EnvironmentLock
from zaffre.core.wire import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentBuild(Request):
    version: str | None = None  # None: the newest
    target: str | None = None  # the compute target that builds it; None: one of the server's choice
    anew: bool = False  # resolve again, to newer versions of what is not pinned


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentResolution:
    """One resolution of an environment's name on the server's machine."""

    at: int  # milliseconds since the epoch
    key: str
    built: bool  # False: what it resolved to was there already
    seconds: dict[str, float]  # by step
    reasons: list[str]  # why it was resolved anew


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentExplanation:
    """What an environment is on the server's machine. ``state`` is a sentence."""

    name: str
    state: str
    asked: list[str]  # one line each
    lock: EnvironmentLock | None  # None: nothing was resolved there
    prefix: str  # its folder; empty for an image
    image: str  # the tag of its image; empty for a folder
    notes: list[str]  # what was substituted
    resolutions: list[EnvironmentResolution]  # the newest last
    differs: list[str]  # from the last resolution: why the next use resolves anew


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskItem:
    """Something of environments on the server's disk. Sizes in bytes."""

    key: str
    kind: str  # environment, image, packages, leftover
    what: str  # the names it was built for, or what it is
    size: int
    freed: int  # what removing it gives back: less than ``size`` where it is shared
    used_at: int | None  # milliseconds since the epoch
    in_use: bool  # a running program uses it, so it stays
    layers: int = 0  # of an image
    shared_layers: int = 0  # those of them that another image has too


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentPrune(Request):
    keys: list[str]  # of disk items; one that is used meanwhile stays
