"""``zaffre user delete``."""

from __future__ import annotations

from zaffre.cli.confirm import Yes, confirm_delete
from zaffre.cli.results import Done
from zaffre.cli.session import QUIET, Printing
from zaffre.core.entities import User
from zaffre.sdk.client import segment
from zaffre.sdk.discovery import connect


def delete_user(name: str, /, *, yes: Yes = False, printing: Printing = QUIET) -> Done:  # noqa: ARG001
    """Delete a user with its tokens and sessions. What the user made stays.

    Parameters
    ----------
    name
        The user's name.
    yes
        Do not ask.
    """
    client = connect(start=False)
    path = f"/api/v1/users/{segment(name)}"
    client.get(path, User)
    confirm_delete(f"the user {name}", yes)
    client.delete(path)
    return Done(f"Deleted the user {name}.", {"deleted": name})
