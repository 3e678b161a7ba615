"""``zaffre service delete``."""

from __future__ import annotations

from zaffre.cli.confirm import Yes, confirm_delete
from zaffre.cli.handles import workspace_of
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.webservice import Webservice


def delete_service(name: str, /, *, yes: Yes = False, session: Session = SESSION) -> Done:
    """Stop and delete a web service.

    Parameters
    ----------
    name
        Its name.
    yes
        Do not ask.
    """
    service = Webservice(workspace_of(session), name)
    confirm_delete(f"the service {name}", yes)
    service.delete()
    return Done(f"Deleted the service {name}.", {"deleted": name})
