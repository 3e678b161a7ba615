"""``zaffre user list``."""

from __future__ import annotations

from zaffre.cli.formats import moment
from zaffre.cli.results import Listing
from zaffre.cli.session import QUIET, Printing
from zaffre.core.entities import User
from zaffre.sdk.discovery import connect

COLUMNS = (
    ("name", lambda user: user.name),
    ("role", lambda user: user.role),
    ("created", lambda user: moment(user.created_at)),
    ("changed", lambda user: moment(user.updated_at)),
)


def list_users(*, printing: Printing = QUIET) -> Listing:  # noqa: ARG001
    """List the users of the server."""
    return Listing(list(connect(start=False).items("/api/v1/users", User)), COLUMNS, "There is no user yet.")
