"""Passwords: how they are kept, and how one is checked.

argon2 is made to be slow (about 50 ms and 64 MiB a check). It is imported when the first password is made or checked: a
server whose callers have tokens never pays for it.
"""

from __future__ import annotations

import secrets
from functools import cached_property
from typing import TYPE_CHECKING, Final

from zaffre.core.errors import InvalidValue

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_LENGTH: Final = 8
MAX_LENGTH: Final = 1024


class Passwords:
    """Hashes and checks, with the costs that argon2-cffi recommends."""

    def hash(self, password: str) -> str:
        """What to keep of a new password; raises ``InvalidValue`` for one that is too short or too long."""
        if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
            raise InvalidValue(
                f"The password has {len(password)} characters: use {MIN_LENGTH} to {MAX_LENGTH}.", field="password"
            )
        return self._hasher.hash(password)

    def verify(self, kept: str | None, password: str) -> bool:
        """Whether ``kept`` was made of ``password``. None, for a name that no user has, takes as long."""
        from argon2.exceptions import VerificationError

        try:
            same = self._hasher.verify(self._nobody if kept is None else kept, password[: MAX_LENGTH + 1])
        except VerificationError:
            return False
        return same and kept is not None

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher

        return PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe(32))
