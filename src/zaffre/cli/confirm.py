"""The question before something is deleted."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from zaffre.cli.exits import UsageError
from zaffre.core.errors import UserErrorException

Yes = Annotated[bool, Parameter(name=("--yes", "-y"))]


def confirm_delete(what: str, yes: bool) -> None:
    """Return when the user agrees; raises ``UserErrorException`` on a no, ``UsageError`` where no one can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"Deleting {what} cannot be undone and no one is there to ask: add --yes.")
    sys.stderr.write(f"Delete {what}? It cannot be undone. [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UserErrorException("Nothing was deleted.")
