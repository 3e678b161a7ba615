"""``zaffre environment show``."""

from __future__ import annotations

import json

from zaffre.cli.environment.reference import version_of
from zaffre.cli.formats import moment
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session

FIELDS = (
    ("name", lambda environment: environment.name),
    ("version", lambda environment: environment.version),
    ("labels", lambda environment: ", ".join(environment.labels)),
    ("made by", lambda environment: "Zaffre (curated)" if environment.curated else ""),
    ("registered", lambda environment: moment(environment.created_at or None)),
    ("definition", lambda environment: json.dumps(environment.definition, indent=2)),
)


def show_environment(environment: str, /, *, session: Session = SESSION) -> Details:
    """Show one environment version with its definition.

    For example:

    - `zaffre environment show train:3`
    - `zaffre environment show train@stable`

    Parameters
    ----------
    environment
        name:version, name@label, or the name for the newest version; curated names too.
    """
    return Details(version_of(session.scope(), environment), FIELDS)
