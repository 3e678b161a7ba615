"""The rules for the keys of services: who sends one of the two may call the service."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from zaffre.core.errors import InvalidValue, WebserviceInvalid
from zaffre.core.ids import now_ms
from zaffre.core.service_keys import digest
from zaffre.core.service_wire import KeyRegenerate
from zaffre.server.store import service_keys, services
from zaffre.server.store.service_keys import Keys

_BYTES: Final = 32  # of a key that is made here
_KEY = re.compile(r"[!-~]{1,256}")  # what a header can carry


def settle(
    connection: Connection, ws: str, name: str, *, enabled: bool, primary: str | None, secondary: str | None, anew: bool
) -> None:
    """Give a service its keys, or let everyone call it. ``anew``: those of an older service of the name do not count.

    Raises ``InvalidValue`` for a key that no header can carry.
    """
    known = None if anew else service_keys.find(connection, ws, name)
    if known is None and not enabled:
        service_keys.put(connection, ws, name, None)
        return
    keys = Keys(
        primary=_made(primary or (known.primary if known else None), "primary_key"),
        secondary=_made(secondary or (known.secondary if known else None), "secondary_key"),
        enabled=enabled,
        changed_at=_later(known),
    )
    service_keys.put(connection, ws, name, keys)


def regenerated(connection: Connection, ws: str, name: str, wanted: KeyRegenerate) -> Keys:
    """The keys after one of them was replaced; the one before opens nothing from now on."""
    if wanted.key.lower() not in ("primary", "secondary"):
        raise InvalidValue(f"{wanted.key!r} is not a key of a service: regenerate 'Primary' or 'Secondary'.")
    known, key = enabled(connection, ws, name), _made(wanted.set_key, "set_key")
    keys = replace(known, changed_at=_later(known))
    keys = replace(keys, primary=key) if wanted.key.lower() == "primary" else replace(keys, secondary=key)
    service_keys.put(connection, ws, name, keys)
    return keys


def enabled(connection: Connection, ws: str, name: str) -> Keys:
    """The keys that callers must send. Raises ``WebserviceNotFound``, ``WebserviceInvalid`` where they need none."""
    services.get(connection, ws, name)
    known = service_keys.find(connection, ws, name)
    if known is None or not known.enabled:
        raise WebserviceInvalid(
            f"The service {name} has no keys, because its authentication is not enabled: call "
            "service.update(auth_enabled=True), or deploy it with auth_enabled=True.",
            service=name,
        )
    return known


def digests(connection: Connection, ws: str, name: str) -> list[str] | None:
    """What the serving process compares with; None: everyone may call."""
    known = service_keys.find(connection, ws, name)
    if known is None or not known.enabled:
        return None
    return [digest(known.primary), digest(known.secondary)]


def _made(given: str | None, what: str) -> str:
    """A key: the given one, or a random one."""
    if given is None:
        return secrets.token_urlsafe(_BYTES)
    if not _KEY.fullmatch(given):
        raise InvalidValue(f"{what} must have 1 to 256 characters of visible ASCII, without blanks.")
    return given


def _later(known: Keys | None) -> int:
    """A time that differs from that of the last change."""
    return max(now_ms(), 0 if known is None else known.changed_at + 1)
