"""The secrets of webhooks as the database keeps them: encrypted, with a key that is a file of the server's home.

Who gets a copy of the database, or a dump of PostgreSQL, learns no secret from it (decision 0034).
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zaffre.core.errors import StateConflict

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

_MARK: Final = "fernet:"


class Seal:
    """Closes and opens secrets. The key is made with the first secret; its file is for the owner's eyes only.

    A key that was moved to a file of the same name with ``.old`` behind it still opens what it closed. Files are read
    each time they are needed, so that one that is put back counts at once.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.old = file.with_name(f"{file.name}.old")
        self._making = threading.Lock()

    @staticmethod
    def is_closed(kept: str) -> bool:
        return kept.startswith(_MARK)

    def close(self, secret: str) -> str:
        """``secret`` as it may be kept."""
        with self._making:
            if not self._keys():
                self._make()
        return _MARK + self._cipher(self._keys()).encrypt(secret.encode()).decode()

    def open(self, kept: str) -> str:
        """What was closed; ``StateConflict`` where its key is not here."""
        from cryptography.fernet import InvalidToken

        keys = [*self._keys(), *_lines(self.old)]
        try:
            if not keys:
                raise InvalidToken
            return self._cipher(keys).decrypt(kept.removeprefix(_MARK).encode()).decode()
        except InvalidToken as error:
            raise StateConflict(
                f"The secret of this webhook was encrypted with another key than the one in {self.file}. Put back the "
                "file that stood there when the database was in use, or give the webhook a new secret."
            ) from error

    def _keys(self) -> list[str]:
        return _lines(self.file)

    def _cipher(self, keys: list[str]) -> MultiFernet:
        from cryptography.fernet import Fernet, MultiFernet

        try:
            return MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise StateConflict(
                f"The key of the webhooks' secrets in {self.file} is damaged. Put back the file that stood there when "
                "the database was in use, or remove it and give the webhooks new secrets."
            ) from error

    def _make(self) -> None:
        from cryptography.fernet import Fernet

        new = self.file.with_name(f"{self.file.name}.new")
        new.unlink(missing_ok=True)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as target:
            target.write(Fernet.generate_key() + b"\n")
            target.flush()
            os.fsync(target.fileno())
        new.replace(self.file)
        folder = os.open(self.file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # before anything is kept that only this key opens
        finally:
            os.close(folder)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("ascii", "replace").split()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StateConflict(
            f"The key of the webhooks' secrets cannot be read from {file} ({error.strerror or error}). Make the file "
            "readable for the account that runs the server."
        ) from error
