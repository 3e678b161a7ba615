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
    ("made by", lambda environment: "curated" if environment.curated else "this workspace"),
    ("registered", lambda environment: moment(environment.created_at or None)),
)


def list_environments(name: str | None = None, /, *, curated: bool = False, session: Session = SESSION) -> Listing:
    """List the environments of a workspace, each with its newest version; or every version of one.

    For example:

    - `zaffre environment list --curated`
    - `zaffre environment list train --output json`

    Parameters
    ----------
    name
        List the versions of this environment, the newest first.
    curated
        Those too that exist without being registered.
    """
    scope = session.scope()
    if name is not None:
        found = scope.client.items(scope.path("environments", name, "versions"), EnvironmentVersion)
    else:
        wanted = "true" if curated else None
        found = scope.client.items(scope.path("environments"), EnvironmentVersion, curated=wanted)
    hint = "Register one with `zaffre environment create`, or see `zaffre environment list --curated`."
    return Listing(list(found), COLUMNS, f"The workspace {scope.workspace} has no environment. {hint}")
