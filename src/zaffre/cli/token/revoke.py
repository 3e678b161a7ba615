"""``zaffre token revoke``."""

from __future__ import annotations

from zaffre.cli.results import Done
from zaffre.cli.session import QUIET, Printing
from zaffre.sdk.client import segment
from zaffre.sdk.discovery import connect


def revoke_token(id: str, /, *, printing: Printing = QUIET) -> Done:  # noqa: ARG001
    """End a token: who has it is refused from now on.

    Parameters
    ----------
    id
        Its id, as `zaffre token list` shows it.
    """
    connect(start=False).delete(f"/api/v1/tokens/{segment(id)}")
    return Done(f"Revoked the token {id}.", {"revoked": id})
