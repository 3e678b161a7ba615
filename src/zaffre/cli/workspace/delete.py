"""``zaffre workspace delete``."""

from __future__ import annotations

from zaffre.cli.confirm import Yes, confirm_delete
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session
from zaffre.core.wire import WorkspaceAnswer


def delete_workspace(name: str, /, *, yes: Yes = False, session: Session = SESSION) -> Done:
    """Delete a workspace with all its runs, models and files.

    Parameters
    ----------
    name
        Its name.
    yes
        Do not ask.
    """
    client = session.client()
    client.get(client.ws(name), WorkspaceAnswer)
    confirm_delete(f"the workspace {name} with all its runs, models and files", yes)
    client.delete(client.ws(name))
    return Done(f"Deleted the workspace {name}.", {"deleted": name})
