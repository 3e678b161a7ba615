"""``zaffre environment list``."""

from __future__ import annotations

from zaffre.cli.formats import moment
from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import EnvironmentVersion

COLUMNS = (
    ("name", lambda environment: environment.name),
    ("version", lambda environment: environment.version),
    ("labels", lambda environment: ", ".join(environment.labels)),
    ("created", lambda environment: moment(environment.created_at)),
)


def list_environments(*, session: Session = SESSION) -> Listing:
    """List the environments of a workspace, each with its newest version."""
    scope = session.scope()
    found = scope.client.items(scope.path("environments"), EnvironmentVersion)
    return Listing(list(found), COLUMNS, f"The workspace {scope.workspace} has no environment.")
