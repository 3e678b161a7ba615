"""The file that keeps a server's own token, for its owner's eyes only: written by the server, read by the SDK."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from zaffre.core.errors import AuthenticationException

_TOKEN: Final = re.compile(r"[!-~]+")  # what a header can carry


def read_token_file(file: Path) -> str:
    """The token, or "" where there is no file or nothing in it. Else raises ``AuthenticationException``."""
    try:
        token = file.read_bytes().decode("ascii", "replace").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    if token and not _TOKEN.fullmatch(token):
        raise _unreadable(file, "what it holds is no token")
    return token


def _unreadable(file: Path, why: str) -> AuthenticationException:
    return AuthenticationException(
        f"The token of the local server cannot be read from {file} ({why}): remove the file and start the server anew "
        "(`zaffre down`, `zaffre up`), which makes another token, or set ZAFFRE_TOKEN."
    )
