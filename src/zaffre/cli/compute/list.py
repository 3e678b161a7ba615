"""``zaffre compute list``."""

from __future__ import annotations

from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import ComputeTarget

COLUMNS = (
    ("name", lambda target: target.name),
    ("type", lambda target: target.type),
    ("state", lambda target: target.provisioning_state),
    ("busy", lambda target: target.running_nodes),
    ("nodes", lambda target: f"{target.min_nodes} to {target.max_nodes}"),
)


def list_computes(*, session: Session = SESSION) -> Listing:
    """List the compute targets; "local" is always there and is not listed."""
    scope = session.scope()
    found = scope.client.items(scope.path("computes"), ComputeTarget)
    return Listing(list(found), COLUMNS, f'The workspace {scope.workspace} has no compute target besides "local".')
