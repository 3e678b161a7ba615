"""Users with passwords: who they are, who may change them, and whether a password is right."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from zaffre.core.entities import User
from zaffre.core.errors import AuthenticationException, InvalidValue, PermissionDenied
from zaffre.core.names import check_user
from zaffre.server.accounts.attempts import Attempts
from zaffre.server.accounts.passwords import Passwords
from zaffre.server.store import users
from zaffre.server.store.engine import Store
from zaffre.server.store.tokens import ROLES, Principal

_REMEMBERED: Final = 1024
_REMEMBER_SECONDS: Final = 60.0
_SCRIPTS: Final = ("run", "mlflow")


class Users:
    """The acts on users. Passwords that were right are remembered for a minute, as keyed hashes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._passwords = Passwords()
        self._attempts = Attempts()
        # Each check takes 64 MiB: two at once, so that many wrong passwords are slow and not a full memory.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="zaffre-password")
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, tuple[float, int, Principal]] = OrderedDict()
        self._checks: dict[bytes, asyncio.Future[Principal]] = {}
        self.changes = 0  # grows with each change of a user: what was known before it is looked up again

    def list(self, asker: Principal) -> list[User]:
        _check_admin(asker)
        return self._store.read(users.list_all)

    def get(self, asker: Principal, name: str) -> User:
        _check_admin_or_self(asker, name)
        return self._store.read(lambda connection: users.get(connection, name)).user

    def numbers(self) -> dict[str, int]:
        """The numbers by which MLflow's clients know users."""
        return self._store.read(users.numbers)

    def create(self, asker: Principal, name: str, password: str, role: str) -> User:
        """A new user; raises ``AlreadyExists``, and ``InvalidValue`` for a name, password or role that cannot be."""
        _check_admin(asker)
        check_user(name)
        _check_role(role)
        kept = self._passwords.hash(_other_than(name, password))
        return self._store.write(lambda connection: users.add(connection, name, role, kept))

    def set_role(self, asker: Principal, name: str, role: str) -> User:
        _check_admin(asker)
        _check_role(role)
        return self._change(name, role=role)

    async def set_password(
        self, asker: Principal, name: str, password: str, current: str | None, address: str = ""
    ) -> User:
        """A user must show the current password; an admin need not. Every session of the user ends."""
        _check_admin_or_self(asker, name)
        if asker.role != "admin":
            if current is None:
                raise InvalidValue("current_password is missing: send it together with the new one.")
            await self.authenticate(name, current, address)
        loop = asyncio.get_running_loop()
        kept = await loop.run_in_executor(self._threads, self._passwords.hash, _other_than(name, password))
        return await loop.run_in_executor(None, lambda: self._change(name, password_hash=kept))

    def delete(self, asker: Principal, name: str) -> None:
        """Every token and session of the user goes with it; what the user made stays."""
        _check_admin(asker)
        try:
            self._store.write(lambda connection: users.remove(connection, name))
        finally:
            self.changes += 1

    def remembered(self, name: str, password: str) -> Principal | None:
        """The user, if this password was found right within the last minute."""
        until, changes, principal = self._right.get(self._digest(name, password), (0.0, 0, None))
        return principal if time.monotonic() < until and changes == self.changes else None

    async def authenticate(self, name: str, password: str, address: str) -> Principal:
        """The user with this name and password; raises ``AuthenticationException`` or ``TooManyAttempts``.

        Whether there is such a user can be told neither from the answer nor from how long it takes.
        """
        if known := self.remembered(name, password):
            return known
        digest = self._digest(name, password)
        check = self._checks.get(digest)
        if check is None or check.get_loop() is not asyncio.get_running_loop():  # one for all who ask meanwhile
            check = asyncio.ensure_future(self._check(name, password, address, digest))
            self._checks[digest] = check
            check.add_done_callback(lambda done: self._checks.pop(digest, None) and done.exception())
        return await asyncio.shield(check)

    async def _check(self, name: str, password: str, address: str, digest: bytes) -> Principal:
        self._attempts.begin(name, address)
        changes = self.changes
        account = await self._store.aread(lambda connection: users.find(connection, name))
        kept = account.password_hash if account is not None else None
        loop = asyncio.get_running_loop()
        right = await loop.run_in_executor(self._threads, self._passwords.verify, kept, password)
        if account is None or not right:
            raise AuthenticationException(
                "The user name or the password is not right. Use those of a user of this server (`zaffre user list` "
                "shows them), or a token of it as the password."
            )
        self._attempts.succeeded(name, address)
        role = account.user.role
        principal = Principal(kind="admin" if role == "admin" else "user", name=name, role=role, user_pk=account.pk)
        self._right[digest] = (time.monotonic() + _REMEMBER_SECONDS, changes, principal)
        while len(self._right) > _REMEMBERED:
            self._right.popitem(last=False)
        return principal

    def _change(self, name: str, *, role: str | None = None, password_hash: str | None = None) -> User:
        try:
            return self._store.write(
                lambda connection: users.change(connection, name, role=role, password_hash=password_hash)
            )
        finally:
            self.changes += 1

    def _digest(self, name: str, password: str) -> bytes:
        said = f"{name}\0{password}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, said, "sha256")


def _check_admin(asker: Principal) -> None:
    if asker.role != "admin" or asker.kind in _SCRIPTS:
        raise PermissionDenied(
            "Only an admin of this server may do this. Ask one, or use the token in ZAFFRE_HOME/token."
        )


def _check_admin_or_self(asker: Principal, name: str) -> None:
    if asker.kind in _SCRIPTS:
        raise PermissionDenied(f"A {asker.kind} token cannot do this. Do it as a user, outside the run.")
    if asker.user_pk is None or asker.name != name:
        _check_admin(asker)


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise InvalidValue(f"{role!r} is not a role: use admin, user or reader.", field="role")


def _other_than(name: str, password: str) -> str:
    if password.lower() == name.lower():
        raise InvalidValue("The password is the user's name. Choose another.", field="password")
    return password
