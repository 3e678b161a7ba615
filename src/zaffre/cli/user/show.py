"""``zaffre user show``."""

from __future__ import annotations

from zaffre.cli.results import Details
from zaffre.cli.session import QUIET, Printing
from zaffre.cli.user.list import COLUMNS
from zaffre.core.entities import User
from zaffre.sdk.client import segment
from zaffre.sdk.discovery import connect


def show_user(name: str, /, *, printing: Printing = QUIET) -> Details:  # noqa: ARG001
    """Show a user.

    Parameters
    ----------
    name
        The user's name.
    """
    return Details(connect(start=False).get(f"/api/v1/users/{segment(name)}", User), COLUMNS)
