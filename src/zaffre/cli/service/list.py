"""``zaffre service list``."""

from __future__ import annotations

from zaffre.cli.formats import moment
from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import Service

COLUMNS = (
    ("name", lambda service: service.name),
    ("state", lambda service: service.state.value),
    ("models", lambda service: ", ".join(service.models)),
    ("scoring uri", lambda service: service.scoring_uri),
    ("updated", lambda service: moment(service.updated_at)),
)


def list_services(*, model: str | None = None, tag: str | None = None, session: Session = SESSION) -> Listing:
    """List the web services of a workspace.

    Parameters
    ----------
    model
        Only those that serve this model: name, or name:version.
    tag
        Only those with this tag: key, or key=value.
    """
    scope = session.scope()
    found = scope.client.items(scope.path("services"), Service, model=model, tag=tag)
    return Listing(list(found), COLUMNS, f"The workspace {scope.workspace} has no such service.")
