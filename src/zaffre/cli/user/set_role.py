"""``zaffre user set-role``."""

from __future__ import annotations

from zaffre.cli.results import Done
from zaffre.cli.session import QUIET, Printing
from zaffre.cli.user.create import Role
from zaffre.core.entities import User
from zaffre.core.wire import UserPatch
from zaffre.sdk.client import segment
from zaffre.sdk.discovery import connect


def set_role(name: str, role: Role, /, *, printing: Printing = QUIET) -> Done:  # noqa: ARG001
    """Give a user another role; it holds at once, for the user's tokens too.

    Parameters
    ----------
    name
        The user's name.
    role
        A user does all work in workspaces, a reader looks on, an admin also manages users.
    """
    changed = connect(start=False).patch(f"/api/v1/users/{segment(name)}", User, UserPatch(role=role))
    return Done(f"The user {name} has the role {changed.role}.", {"name": name, "role": changed.role})
