"""The workspace as scripts hold it. Apart from ``session``, because not every command pays for loading it."""

from __future__ import annotations

from zaffre.cli.session import Session
from zaffre.sdk.workspace import Workspace


def workspace_of(session: Session) -> Workspace:
    """The embedded server makes it on first use, as it does for scripts."""
    client, reference = session.client(), session.reference()
    return Workspace(reference.subscription_id, reference.resource_group, reference.workspace_name, _client=client)
