"""``zaffre user create``."""

from __future__ import annotations

from typing import Literal

from zaffre.cli.results import Done
from zaffre.cli.session import QUIET, Printing
from zaffre.cli.user.password import new_password
from zaffre.core.entities import User
from zaffre.core.wire import UserCreate
from zaffre.sdk.discovery import connect

Role = Literal["admin", "user", "reader"]


def create_user(name: str, /, *, role: Role = "user", printing: Printing = QUIET) -> Done:  # noqa: ARG001
    """Create a user; the password is asked for, or read from stdin.

    Parameters
    ----------
    name
        The user's name.
    role
        A user does all work in workspaces, a reader looks on, an admin also manages users.
    """
    client = connect(start=False)
    body = UserCreate(name=name, password=new_password(name), role=role)
    made = client.post("/api/v1/users", User, body)
    return Done(f"Created the user {made.name} with the role {made.role}.", {"name": made.name, "role": made.role})
