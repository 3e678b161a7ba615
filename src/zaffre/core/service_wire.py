"""Messages about the keys of services, and about what they run on."""

from __future__ import annotations

from dataclasses import dataclass, field

from zaffre.core.wire import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """The container engine that the server runs services on."""

    name: str  # "Docker" or "Podman"
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceKeys:
    """Sent as ``Authorization: Bearer <key>``, either opens the service."""

    primary_key: str = field(repr=False)
    secondary_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRegenerate(Request):
    key: str  # "Primary" or "Secondary"
    set_key: str | None = field(default=None, repr=False)  # None: a random one
