"""Tokens, tickets and sessions: who a request comes from, and how credentials are made.

A token is a random 256-bit key; the store keeps its SHA-256 (a key of that length needs no slow hash). The one in
``ZAFFRE_HOME/token`` is made at the first start and belongs to the account that runs the server.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import getpass
import hashlib
import os
import time
from collections import OrderedDict
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from sqlalchemy import Connection

from zaffre.core import limits
from zaffre.core.entities import Run, Service, Token
from zaffre.core.errors import AuthenticationException, InvalidValue, NotFound, PermissionDenied, StateConflict
from zaffre.core.ids import new_secret, now_ms
from zaffre.core.tokenfile import read_token_file
from zaffre.server.accounts.users import Users
from zaffre.server.store import tokens, users
from zaffre.server.store.engine import Store
from zaffre.server.store.tokens import Principal

COOKIE = "zaffre_session"
TICKET_SECONDS = 60
SESSION_SECONDS = 30 * 24 * 3600
RUN_TOKEN_SECONDS = 30 * 24 * 3600
_REMEMBERED = 1024
_REMEMBER_SECONDS = 10.0
_WRITE_USES_SECONDS = 60.0
NO_USER = "token"  # what a tracking URI names as the user beside its token
_MINTABLE = {"admin": ("admin", "user", "mlflow"), "user": ("user", "mlflow"), "session": ("user", "mlflow")}


class Credentials:
    """Issues and recognises every credential of one server."""

    def __init__(self, store: Store, users: Users) -> None:
        self._store = store
        self._users = users
        # A token is looked up once in a while, not for each request. Nothing else revokes tokens in this database.
        self._known: OrderedDict[str, tuple[float, int, Principal]] = OrderedDict()
        self._used: dict[str, int] = {}  # when tokens were used, as far as it is not written yet
        self._write_uses_at = 0.0

    async def identify(self, secret: str, name: str = "", address: str = "") -> Principal:
        """Whose token ``secret`` is or, where a user's ``name`` stands beside it, whose password.

        Raises ``AuthenticationException``, or ``TooManyAttempts`` where too many passwords from ``address`` were wrong.
        """
        token_hash = _hash(secret)
        principal = self._remembered(token_hash)
        if principal is None and name:
            principal = self._users.remembered(name, secret)
        if principal is None:
            principal = await self._look_up(token_hash, name, secret, address)
        if principal.expires_at is not None and principal.expires_at <= now_ms():
            raise AuthenticationException(_expired(principal))
        return principal

    async def _look_up(self, token_hash: str, name: str, secret: str, address: str) -> Principal:
        changes = self._users.changes
        principal = await self._store.aread(lambda connection: tokens.find(connection, token_hash))
        if principal is not None:
            self._used[token_hash] = now_ms()
            self._known[token_hash] = (time.monotonic() + _REMEMBER_SECONDS, changes, principal)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
            return principal
        if name and name != NO_USER:
            return await self._users.authenticate(name, secret, address)
        raise AuthenticationException(
            "The token is not one of this server's or was revoked. Use the one in the server's ZAFFRE_HOME/token, make "
            "one with `zaffre token`, or send the name and password of a user."
        )

    def mint(
        self,
        principal: Principal,
        kind: str,
        *,
        workspace: str | None,
        expires_in_seconds: int | None,
        description: str = "",
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
        if len(description) > limits.DESCRIPTION:
            raise InvalidValue(f"The description has {len(description)} characters: use {limits.DESCRIPTION} at most.")
        wanted = None if expires_in_seconds is None else now_ms() + expires_in_seconds * 1000
        role = tokens.lesser(principal.role, "admin" if kind == "admin" else "user")
        made = replace(principal, kind=kind, role=role, workspace=workspace, run_id=None, expires_at=wanted)
        return self._issue(made, principal, description)

    def mint_for_run(self, principal: Principal, workspace: str, run_id: str) -> tuple[str, int | None]:
        """A token for a run's script: it acts in the run's workspace only, and dies with the token it came from."""
        expires_at = now_ms() + RUN_TOKEN_SECONDS * 1000
        return self._issue(
            Principal(
                kind="run",
                name=principal.name,
                role=tokens.lesser(principal.role, "user"),
                workspace=workspace,
                run_id=run_id,
                expires_at=expires_at,
                user_pk=principal.user_pk,
            ),
            principal,
        )

    def mint_for_runner(self, run: Run) -> str:
        """A token for a run that the server itself starts, in the name of who submitted it."""
        account = self._store.read(lambda connection: users.find(connection, run.created_by))
        submitter = Principal(kind="admin", name=run.created_by, user_pk=None if account is None else account.pk)
        return self.mint_for_run(submitter, run.workspace, run.id)[0]

    def mint_for_supervisor(self, service: Service) -> str:
        """A token for the supervisor of a service that the server keeps running; those that it had before end."""
        token = new_secret()
        mark = tokens.of_service(service.name)
        bearer = Principal(kind="run", name=service.created_by, workspace=service.workspace, run_id=mark)

        def replace_old(connection: Connection) -> None:
            tokens.forget_of_run(connection, service.workspace, mark)
            tokens.add(connection, _hash(token), bearer)

        self._store.write(replace_old)
        return token

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
        return self._begin_session(principal)

    async def sign_in_with_password(self, name: str, password: str, address: str) -> str:
        """The session token for a user; raises ``AuthenticationException`` or ``TooManyAttempts``."""
        principal = await self._users.authenticate(name, password, address)
        return await asyncio.get_running_loop().run_in_executor(None, self._begin_session, principal)

    def sign_out(self, token: str) -> None:
        self._revoke(_hash(token))

    def list(self, asker: Principal, *, everyone: bool = False, runs: bool = False) -> list[Token]:
        """The valid tokens of the asker, the newest first, with ``runs`` also those of runs.

        ``everyone``: those of all users, for an admin.
        """
        if everyone and asker.role != "admin":
            raise PermissionDenied("Only an admin of this server may list everyone's tokens. Leave `everyone` out.")
        of = None if everyone else asker
        found = self._store.read(lambda connection: tokens.list_valid(connection, of, runs=runs))
        used = {token_hash[: tokens.ID_DIGITS]: at for token_hash, at in self._used.copy().items()}
        return [replace(one, last_used_at=used.get(one.id, one.last_used_at)) for one in found]

    def revoke(self, asker: Principal, token_id: str) -> None:
        """End the token with this id; raises ``NotFound`` for one that is not the asker's to end."""
        found = self._store.read(lambda connection: tokens.find_by_id(connection, token_id))
        if found is None or not _may_end(asker, found[1]):
            raise NotFound(f"You have no token {token_id!r}. `zaffre token list` shows those you have.", id=token_id)
        if self._store.read(lambda connection: tokens.is_of_file(connection, found[0])):
            raise StateConflict(
                "This is the token in ZAFFRE_HOME/token. To replace it, remove that file and start the server anew."
            )
        self._revoke(found[0])

    def write_uses(self, *, every: float = _WRITE_USES_SECONDS) -> None:
        """Write down when tokens were last used, at most once in ``every`` seconds; a step of the background loop."""
        now = time.monotonic()
        if not self._used or now < self._write_uses_at:
            return
        self._write_uses_at = now + every
        uses, self._used = self._used, {}
        self._store.write(lambda connection: tokens.note_uses(connection, uses))

    def _revoke(self, token_hash: str) -> None:
        try:
            self._store.write(lambda connection: tokens.revoke(connection, token_hash))
        finally:
            self._known.pop(token_hash, None)

    def _begin_session(self, principal: Principal) -> str:
        expires_at = now_ms() + SESSION_SECONDS * 1000
        made = replace(principal, kind="session", run_id=None, expires_at=expires_at)
        return self._issue(made, principal)[0]

    def forget_workspace(self, workspace: str) -> None:
        """A deleted workspace took its tokens with it."""
        for token_hash, (_, _, principal) in list(self._known.items()):
            if principal.workspace == workspace:
                self._known.pop(token_hash, None)

    def _issue(self, principal: Principal, maker: Principal, description: str = "") -> tuple[str, int | None]:
        ends = [end for end in (principal.expires_at, maker.expires_at) if end is not None]
        principal = replace(principal, expires_at=min(ends) if ends else None)
        token = new_secret()
        self._store.write(lambda connection: tokens.add(connection, _hash(token), principal, description))
        return token, principal.expires_at

    def _remembered(self, token_hash: str) -> Principal | None:
        until, changes, principal = self._known.get(token_hash, (0.0, 0, None))
        return principal if time.monotonic() < until and changes == self._users.changes else None


def token_id(token: str) -> str:
    """By which a token is listed and revoked; it does not open anything."""
    return _hash(token)[: tokens.ID_DIGITS]


def read_header(authorization: str) -> tuple[str, str]:
    """What an Authorization header holds: a token and no name (Bearer), or a password or token and a name (Basic)."""
    scheme, _, value = authorization.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer" and value:
        return value, ""
    if scheme.lower() == "basic":
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            name = password = ""
        if password:
            return password, name
    raise AuthenticationException(
        "The Authorization header holds no token: send 'Bearer <token>', or Basic with a user's name and password, or "
        "with a token as the password."
    )


def _may_end(asker: Principal, found: Principal) -> bool:
    if asker.role == "admin" or found.token_id == asker.token_id:
        return True
    return asker.user_pk is not None and asker.user_pk == found.user_pk


def _expired(principal: Principal) -> str:
    when = f"{datetime.fromtimestamp((principal.expires_at or 0) / 1000, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
    if principal.kind == "mlflow":
        return (
            f"The token of this tracking URI expired at {when}. Get a new URI and go on with it: "
            "mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri()); or make a token with `zaffre token --kind mlflow`."
        )
    if principal.kind == "session":
        return f"This session expired at {when}. Sign in again."
    return f"The token expired at {when}. Make a new one with `zaffre token`."


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
