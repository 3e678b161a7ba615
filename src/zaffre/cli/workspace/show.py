"""``zaffre workspace show``."""

from __future__ import annotations

from zaffre.cli.formats import moment, pairs
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.core.wire import WorkspaceAnswer

FIELDS = (
    ("name", lambda workspace: workspace.name),
    ("id", lambda workspace: workspace.id),
    ("subscription", lambda workspace: workspace.subscription_id),
    ("resource group", lambda workspace: workspace.resource_group),
    ("location", lambda workspace: workspace.location),
    ("description", lambda workspace: workspace.description),
    ("tags", lambda workspace: pairs(workspace.tags)),
    ("default datastore", lambda workspace: workspace.default_datastore),
    ("created", lambda workspace: moment(workspace.created_at)),
)


def show_workspace(name: str | None = None, /, *, session: Session = SESSION) -> Details:
    """Show one workspace.

    Parameters
    ----------
    name
        Its name; without one, the workspace that the other commands use here.
    """
    client = session.client()
    answer = client.get(client.ws(name or session.reference().workspace_name), WorkspaceAnswer)
    return Details(answer.workspace, FIELDS)
