"""The rules for the keys of services: who sends one of the two may call the service."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from zaffre.core.endpoint_wire import AccessToken
from zaffre.core.entities import Service
from zaffre.core.errors import InvalidValue, TooLarge, WebserviceInvalid
from zaffre.core.ids import now_ms
from zaffre.core.names import endpoint_of
from zaffre.core.service_keys import digest
from zaffre.core.service_wire import KeyRegenerate
from zaffre.server.store import endpoints, service_keys, service_tokens, services
from zaffre.server.store.service_keys import KEYS, NOTHING, TOKENS, Keys

_BYTES: Final = 32  # of a key that is made here
_TOKENS: Final = 1000  # of a service that are valid at a time
_TOKEN_MS: Final = 12 * 3600 * 1000
_REFRESH_MS: Final = 8 * 3600 * 1000
_KEY = re.compile(r"[!-~]{1,256}")  # what a header can carry


def mode_of(auth_enabled: bool, token_auth_enabled: bool) -> int:
    """What callers must send. Raises ``WebserviceInvalid`` for both."""
    if auth_enabled and token_auth_enabled:
        raise WebserviceInvalid(
            "Callers send a key or a token, not both: set one of auth_enabled and token_auth_enabled."
        )
    return KEYS if auth_enabled else TOKENS if token_auth_enabled else NOTHING


def settle(
    connection: Connection, ws: str, name: str, *, enabled: int, primary: str | None, secondary: str | None, anew: bool
) -> None:
    """Give a service its keys, or let everyone call it. ``anew``: those of an older service of the name do not count.

    Raises ``InvalidValue`` for a key that no header can carry.
    """
    known = None if anew else service_keys.find(connection, ws, name)
    if known is None and not enabled:
        service_keys.put(connection, ws, name, None)
        spread(connection, ws, name)
        return
    keys = Keys(
        primary=_made(primary or (known.primary if known else None), "primary_key"),
        secondary=_made(secondary or (known.secondary if known else None), "secondary_key"),
        enabled=enabled,
        changed_at=_later(known),
    )
    service_keys.put(connection, ws, name, keys)
    spread(connection, ws, name)


def change(connection: Connection, known: Service, auth_enabled: bool | None, token_auth_enabled: bool | None) -> None:
    """Ask callers for something else; what is None stays, and switching one of the two on switches the other off."""
    wanted = mode_of(bool(auth_enabled), bool(token_auth_enabled))
    if wanted == NOTHING:
        keeps_keys = known.auth_enabled and auth_enabled is None
        keeps_tokens = known.token_auth_enabled and token_auth_enabled is None
        wanted = mode_of(keeps_keys, keeps_tokens)
    if wanted != mode_of(known.auth_enabled, known.token_auth_enabled):
        settle(connection, known.workspace, known.name, enabled=wanted, primary=None, secondary=None, anew=False)


def spread(connection: Connection, ws: str, name: str) -> None:
    """Give the versions of an endpoint its keys."""
    known = service_keys.find(connection, ws, name)
    for version in endpoints.versions(connection, ws, name):
        service_keys.put(connection, ws, version.service.name, known)


def regenerated(connection: Connection, ws: str, name: str, wanted: KeyRegenerate) -> Keys:
    """The keys after one of them was replaced; the one before opens nothing from now on."""
    if wanted.key.lower() not in ("primary", "secondary"):
        raise InvalidValue(f"{wanted.key!r} is not a key of a service: regenerate 'Primary' or 'Secondary'.")
    known, key = enabled(connection, ws, name), _made(wanted.set_key, "set_key")
    keys = replace(known, changed_at=_later(known))
    keys = replace(keys, primary=key) if wanted.key.lower() == "primary" else replace(keys, secondary=key)
    service_keys.put(connection, ws, name, keys)
    spread(connection, ws, name)
    return keys


def enabled(connection: Connection, ws: str, name: str) -> Keys:
    """The keys that callers must send. Raises ``WebserviceNotFound``, ``WebserviceInvalid`` where they need none."""
    services.get(connection, ws, name)
    known = service_keys.find(connection, ws, name)
    if known is None or known.enabled != KEYS:
        raise WebserviceInvalid(
            f"The service {name} has no keys, because its authentication is not enabled: call "
            "service.update(auth_enabled=True), or deploy it with auth_enabled=True.",
            service=name,
        )
    return known


def digests(connection: Connection, ws: str, name: str) -> list[str] | None:
    """What the serving process compares with; None: everyone may call. Those of a version are its endpoint's."""
    owner = endpoint_of(name) or name
    known = service_keys.find(connection, ws, owner)
    if known is None or known.enabled == NOTHING:
        return None
    if known.enabled == TOKENS:
        return [f"{one}@{ends}" for one, ends in service_tokens.all_of(connection, ws, owner)]
    return [digest(known.primary), digest(known.secondary)]


def minted(connection: Connection, ws: str, name: str) -> AccessToken:
    """A token that opens the service from now on. Raises ``WebserviceNotFound``, ``WebserviceInvalid`` where it asks
    for none, and ``TooLarge`` where so many are valid that no more are made."""
    services.get(connection, ws, name)
    known = service_keys.find(connection, ws, name)
    if known is None or known.enabled != TOKENS:
        raise WebserviceInvalid(
            f"The service {name} has no tokens, because its token authentication is not enabled: call "
            "service.update(token_auth_enabled=True), or deploy it with token_auth_enabled=True.",
            service=name,
        )
    now = now_ms()
    if sum(ends > now for _, ends in service_tokens.all_of(connection, ws, name)) >= _TOKENS:
        raise TooLarge(
            f"{_TOKENS} tokens of the service {name} are valid: use one of them until it expires, rather than a new "
            "one for each request."
        )
    token = secrets.token_urlsafe(_BYTES)
    service_tokens.add(connection, ws, name, digest(token), now + _TOKEN_MS)
    service_keys.put(connection, ws, name, replace(known, changed_at=_later(known)))
    spread(connection, ws, name)
    return AccessToken(
        access_token=token, token_type="Bearer", refresh_after=now + _REFRESH_MS, expiry_on=now + _TOKEN_MS
    )


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
