"""``zaffre endpoint delete-version``."""

from __future__ import annotations

from zaffre.cli.confirm import Yes, confirm_delete
from zaffre.cli.handles import workspace_of
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.endpoint_aks import AksEndpoint


def delete_version(name: str, version: str, /, *, yes: Yes = False, session: Session = SESSION) -> Done:
    """Delete a version of an endpoint: its traffic goes to the default version.

    Parameters
    ----------
    name
        The endpoint.
    version
        The version's name.
    yes
        Do not ask.
    """
    endpoint = AksEndpoint(workspace_of(session), name)
    confirm_delete(f"the version {version} of the endpoint {name}", yes)
    endpoint.delete_version(version)
    return Done(f"Deleted the version {version} of the endpoint {name}.", {"deleted": version})
