"""The messages about registered models as wholes; those about their versions stand in ``wire``."""

from __future__ import annotations

from dataclasses import dataclass

from zaffre.core.wire import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModelPatch(Request):
    tags: dict[str, str] | None = None  # added or changed
    remove_tags: list[str] | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasPut(Request):
    version: int  # an alias points at one version: it moves here from the one it pointed at
