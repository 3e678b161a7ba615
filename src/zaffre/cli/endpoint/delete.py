"""``zaffre endpoint delete``."""

from __future__ import annotations

from zaffre.cli.confirm import Yes, confirm_delete
from zaffre.cli.handles import workspace_of
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.endpoint_aks import AksEndpoint


def delete_endpoint(name: str, /, *, yes: Yes = False, session: Session = SESSION) -> Done:
    """Stop and delete an endpoint with all its versions.

    Parameters
    ----------
    name
        Its name.
    yes
        Do not ask.
    """
    endpoint = AksEndpoint(workspace_of(session), name)
    confirm_delete(f"the endpoint {name} with all its versions", yes)
    endpoint.delete()
    return Done(f"Deleted the endpoint {name}.", {"deleted": name})
