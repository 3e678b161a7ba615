"""``zaffre endpoint show``."""

from __future__ import annotations

from zaffre.cli.endpoint.versions import listing
from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session


def show_endpoint(name: str, /, *, session: Session = SESSION) -> Listing:
    """Show the versions of an endpoint and their shares of the traffic.

    Parameters
    ----------
    name
        Its name. `zaffre service show` tells its address.
    """
    return listing(session, name)
