"""``zaffre endpoint mirror``."""

from __future__ import annotations

from zaffre.cli.endpoint.versions import percentages
from zaffre.cli.exits import UsageError
from zaffre.cli.handles import workspace_of
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.endpoint_aks import AksEndpoint


def set_mirror(name: str, share: str | None = None, /, *, off: bool = False, session: Session = SESSION) -> Done:
    """Send copies of requests to another version, after their answers, and count where the answers differ.

    Parameters
    ----------
    name
        The endpoint.
    share
        VERSION=PERCENT of the requests, such as canary=10.
    off
        Send no copies any more.
    """
    if (share is None) != off:
        raise UsageError("Name a version and its share, such as canary=10, or give --off.")
    wanted = percentages((share,)) if share is not None else {}
    AksEndpoint(workspace_of(session), name).set_mirror_traffic(wanted)
    said = f"{share} of the requests to {name} are copied." if share else f"No requests to {name} are copied any more."
    return Done(said, {"mirror_traffic": wanted})
