"""The question before something is deleted or replaced."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from zaffre.cli.exits import UsageError
from zaffre.core.errors import UserErrorException

Yes = Annotated[bool, Parameter(name=("--yes", "-y"))]


def confirm_delete(what: str, yes: bool) -> None:
    """Return when the user agrees; raises ``UserErrorException`` on a no, ``UsageError`` where no one can be asked."""
    _confirm(f"Deleting {what}", f"Delete {what}?", "Nothing was deleted.", yes)


def confirm_replace(what: str, yes: bool) -> None:
    """The same before something is replaced."""
    _confirm(f"Replacing {what}", f"Replace {what}?", "Nothing was replaced.", yes)


def _confirm(doing: str, question: str, refused: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{doing} cannot be undone and no one is there to ask: add --yes.")
    sys.stderr.write(f"{question} It cannot be undone. [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UserErrorException(refused)
