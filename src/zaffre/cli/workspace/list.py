"""``zaffre workspace list``."""

from __future__ import annotations

from zaffre.cli.formats import moment
from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import Workspace

COLUMNS = (
    ("name", lambda workspace: workspace.name),
    ("resource group", lambda workspace: workspace.resource_group),
    ("created", lambda workspace: moment(workspace.created_at)),
)


def list_workspaces(*, session: Session = SESSION) -> Listing:
    """List the workspaces of the server."""
    return Listing(list(session.client().items("/api/v1/workspaces", Workspace)), COLUMNS, "There is no workspace yet.")
