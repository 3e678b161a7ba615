"""``zaffre service delete``."""

from __future__ import annotations

from zaffre.cli.confirm import Yes, confirm_delete
from zaffre.cli.results import Done
from zaffre.cli.service.show import get_service
from zaffre.cli.session import SESSION, Session


def delete_service(name: str, /, *, yes: Yes = False, session: Session = SESSION) -> Done:
    """Stop and delete a web service.

    Parameters
    ----------
    name
        Its name.
    yes
        Do not ask.
    """
    scope = session.scope()
    get_service(scope, name)
    confirm_delete(f"the service {name}", yes)
    scope.client.delete(scope.path("services", name))
    return Done(f"Deleted the service {name}.", {"deleted": name})
