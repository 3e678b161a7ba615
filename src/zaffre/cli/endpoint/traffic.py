"""``zaffre endpoint traffic``."""

from __future__ import annotations

from zaffre.cli.endpoint.versions import listing, percentages
from zaffre.cli.exits import UsageError
from zaffre.cli.handles import workspace_of
from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.endpoint_aks import AksEndpoint


def set_traffic(name: str, /, *shares: str, session: Session = SESSION) -> Listing:
    """Change the traffic of all versions of an endpoint in one step.

    Parameters
    ----------
    name
        The endpoint.
    shares
        VERSION=PERCENT, such as stable=90 canary=10; together 100. A version that is left out gets nothing.
    """
    if not shares:
        raise UsageError("Name the versions and their shares, such as stable=90 canary=10.")
    AksEndpoint(workspace_of(session), name).set_traffic(percentages(shares))
    return listing(session, name)
