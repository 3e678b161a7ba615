"""Tokens, tickets and sessions: who a request comes from, and how credentials are made.

A token is a random 256-bit key; the store keeps its SHA-256 (a key of that length needs no slow hash). The one in
``ZAFFRE_HOME/token`` is made at the first start and belongs to the account that runs the server.
"""

from __future__ import annotations

import base64
import binascii
import getpass
import hashlib
import os
import time
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from zaffre.core.entities import Run
from zaffre.core.errors import AuthenticationException, InvalidValue, PermissionDenied
from zaffre.core.ids import new_secret, now_ms
from zaffre.core.tokenfile import read_token_file
from zaffre.server.store import tokens
from zaffre.server.store.engine import Store
from zaffre.server.store.tokens import Principal

COOKIE = "zaffre_session"
TICKET_SECONDS = 60
SESSION_SECONDS = 30 * 24 * 3600
RUN_TOKEN_SECONDS = 30 * 24 * 3600
_REMEMBERED = 1024
_REMEMBER_SECONDS = 10.0
_MINTABLE = {"admin": ("admin", "user", "mlflow"), "user": ("user", "mlflow"), "session": ("user", "mlflow")}


class Credentials:
    """Issues and recognises every credential of one server."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # A token is looked up once in a while, not for each request. Nothing else revokes tokens in this database.
        self._known: OrderedDict[str, tuple[float, Principal]] = OrderedDict()

    async def identify(self, token: str) -> Principal:
        """The bearer of ``token``; raises ``AuthenticationException``."""
        token_hash = _hash(token)
        principal = self._remembered(token_hash)
        if principal is None:
            principal = await self._store.aread(lambda connection: tokens.find(connection, token_hash))
            if principal is None:
                raise AuthenticationException(
                    "The token is not one of this server's, was revoked or has expired. Use the one in the server's "
                    "ZAFFRE_HOME/token, or ask for a new one."
                )
            self._known[token_hash] = (time.monotonic() + _REMEMBER_SECONDS, principal)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        if principal.expires_at is not None and principal.expires_at <= now_ms():
            raise AuthenticationException("The token has expired. Sign in again, or ask for a new one.")
        return principal

    def mint(
        self, principal: Principal, kind: str, *, workspace: str | None, expires_in_seconds: int | None
    ) -> tuple[str, int | None]:
        """A token of ``kind`` that allows no more than its maker may; returns it with its time of expiry."""
        if kind not in _MINTABLE["admin"]:
            raise InvalidValue(f"{kind!r} is not a kind of token: use admin, user or mlflow.")
        if kind not in _MINTABLE.get(principal.kind, ()):
            raise PermissionDenied(f"A {principal.kind} token cannot make a token of the kind {kind!r}.")
        if principal.workspace is not None and workspace != principal.workspace:
            raise PermissionDenied(f"This token can only make tokens of its own workspace, {principal.workspace}.")
        if kind == "admin" and workspace is not None:
            raise InvalidValue("An admin token is for every workspace: leave workspace out, or make a user token.")
        if expires_in_seconds is not None and expires_in_seconds <= 0:
            raise InvalidValue(f"expires_in_seconds is {expires_in_seconds}: it must be more than 0.")
        wanted = None if expires_in_seconds is None else now_ms() + expires_in_seconds * 1000
        return self._issue(
            replace(principal, kind=kind, workspace=workspace, run_id=None, expires_at=wanted), principal
        )

    def mint_for_run(self, principal: Principal, workspace: str, run_id: str) -> tuple[str, int | None]:
        """A token for a run's script: it acts in the run's workspace only, and dies with the token it came from."""
        expires_at = now_ms() + RUN_TOKEN_SECONDS * 1000
        return self._issue(
            Principal(kind="run", name=principal.name, workspace=workspace, run_id=run_id, expires_at=expires_at),
            principal,
        )

    def mint_for_runner(self, run: Run) -> str:
        """A token for a run that the server itself starts, in the name of who submitted it."""
        return self.mint_for_run(Principal(kind="admin", name=run.created_by), run.workspace, run.id)[0]

    def ticket(self, principal: Principal) -> str:
        """A ticket that ``sign_in`` takes once, within a minute."""
        ticket = new_secret()
        expires_at = now_ms() + TICKET_SECONDS * 1000
        self._store.write(lambda connection: tokens.add_ticket(connection, _hash(ticket), principal, expires_at))
        return ticket

    def sign_in(self, ticket: str) -> str:
        """The session token for a ticket; raises ``AuthenticationException``."""
        principal = self._store.write(lambda connection: tokens.use_ticket(connection, _hash(ticket)))
        if principal is None:
            raise AuthenticationException(
                "This sign-in link was used already or is older than a minute. Ask for a new one with `zaffre up`."
            )
        expires_at = now_ms() + SESSION_SECONDS * 1000
        return self._issue(replace(principal, kind="session", run_id=None, expires_at=expires_at), principal)[0]

    def sign_out(self, token: str) -> None:
        token_hash = _hash(token)
        self._store.write(lambda connection: tokens.revoke(connection, token_hash))
        self._known.pop(token_hash, None)

    def forget_workspace(self, workspace: str) -> None:
        """A deleted workspace took its tokens with it."""
        for token_hash, (_, principal) in list(self._known.items()):
            if principal.workspace == workspace:
                self._known.pop(token_hash, None)

    def _issue(self, principal: Principal, maker: Principal) -> tuple[str, int | None]:
        ends = [end for end in (principal.expires_at, maker.expires_at) if end is not None]
        principal = replace(principal, expires_at=min(ends) if ends else None)
        token = new_secret()
        self._store.write(lambda connection: tokens.add(connection, _hash(token), principal))
        return token, principal.expires_at

    def _remembered(self, token_hash: str) -> Principal | None:
        until, principal = self._known.get(token_hash, (0.0, None))
        return principal if time.monotonic() < until else None


def token_of_header(authorization: str) -> str:
    """The token in an Authorization header: Bearer, or Basic with the token as the password."""
    scheme, _, value = authorization.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer" and value:
        return value
    if scheme.lower() == "basic":
        try:
            password = base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            password = ""
        if password:
            return password
    raise AuthenticationException(
        "The Authorization header holds no token: send 'Bearer <token>', or Basic with the token as the password."
    )


def keep_token_file(file: Path, store: Store) -> str:
    """The admin token of ``file``, which is made, for its owner's eyes only, where it is missing or empty."""
    token = read_token_file(file)
    if not token:
        token = new_secret()
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as target:
            target.write(token + "\n")
            target.flush()
            os.fsync(target.fileno())
    file.chmod(0o600)

    def keep(connection: Connection) -> None:
        tokens.keep_admin(connection, _hash(token), getpass.getuser())
        tokens.purge(connection)

    store.write(keep)
    return token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
