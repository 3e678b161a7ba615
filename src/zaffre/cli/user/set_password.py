"""``zaffre user set-password``."""

from __future__ import annotations

from zaffre.cli.results import Done
from zaffre.cli.session import QUIET, Printing
from zaffre.cli.user.password import new_password
from zaffre.core.entities import User
from zaffre.core.wire import UserPatch
from zaffre.sdk.client import segment
from zaffre.sdk.discovery import connect


def set_password(name: str, /, *, printing: Printing = QUIET) -> Done:  # noqa: ARG001
    """Give a user a new password, asked for or read from stdin. The user's sessions end; tokens stay.

    Parameters
    ----------
    name
        The user's name.
    """
    client = connect(start=False)
    path = f"/api/v1/users/{segment(name)}"
    client.get(path, User)
    client.patch(path, User, UserPatch(password=new_password(name)))
    return Done(f"The user {name} has a new password.", {"name": name})
