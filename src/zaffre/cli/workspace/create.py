"""``zaffre workspace create``."""

from __future__ import annotations

from zaffre.cli.references import tags
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.cli.workspace.show import FIELDS
from zaffre.core.wire import WorkspaceAnswer, WorkspaceCreate


def create_workspace(
    name: str, /, *, description: str = "", tag: list[str] | None = None, session: Session = SESSION
) -> Details:
    """Create a workspace.

    Parameters
    ----------
    name
        3 to 33 letters, digits, hyphens or underscores.
    description
        A sentence about it.
    tag
        A tag, as key=value; may be repeated.
    """
    body = WorkspaceCreate(name=name, description=description, tags=tags(tag))
    return Details(session.client().post("/api/v1/workspaces", WorkspaceAnswer, body).workspace, FIELDS)
