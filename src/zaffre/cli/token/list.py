"""``zaffre token list``."""

from __future__ import annotations

from zaffre.cli.formats import moment
from zaffre.cli.results import Listing
from zaffre.cli.session import QUIET, Printing
from zaffre.core.entities import Token
from zaffre.sdk.discovery import connect

COLUMNS = (
    ("id", lambda token: token.id),
    ("kind", lambda token: token.kind),
    ("of", lambda token: token.name),
    ("workspace", lambda token: token.workspace or "(all)"),
    ("created", lambda token: moment(token.created_at)),
    ("expires", lambda token: moment(token.expires_at)),
    ("last used", lambda token: moment(token.last_used_at)),
    ("description", lambda token: token.description),
)


def list_tokens(*, everyone: bool = False, runs: bool = False, printing: Printing = QUIET) -> Listing:  # noqa: ARG001
    """List your valid tokens, the newest first; never the tokens themselves.

    Parameters
    ----------
    everyone
        Those of all users; for admins.
    runs
        Also those that the server made for runs.
    """
    found = connect(start=False).items("/api/v1/tokens", Token, everyone=everyone, runs=runs)
    return Listing(list(found), COLUMNS, "There is no token.")
