"""``zaffre endpoint list``."""

from __future__ import annotations

from zaffre.cli.results import Listing
from zaffre.cli.service.list import COLUMNS
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import Service


def list_endpoints(*, session: Session = SESSION) -> Listing:
    """List the endpoints of a workspace that have versions."""
    scope = session.scope()
    held = scope.client.items(scope.path("services"), Service)
    found = [service for service in held if service.compute_type == "AKSENDPOINT"]
    return Listing(found, COLUMNS, f"The workspace {scope.workspace} has no endpoint with versions.")
