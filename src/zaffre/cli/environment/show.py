"""``zaffre environment show``."""

from __future__ import annotations

import json

from zaffre.cli.formats import moment
from zaffre.cli.references import name_and_version
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import EnvironmentVersion
from zaffre.sdk.scope import Scope

FIELDS = (
    ("name", lambda environment: environment.name),
    ("version", lambda environment: environment.version),
    ("labels", lambda environment: ", ".join(environment.labels)),
    ("created", lambda environment: moment(environment.created_at)),
    ("definition", lambda environment: json.dumps(environment.definition, indent=2)),
)


def get_environment(scope: Scope, reference: str) -> EnvironmentVersion:
    """The environment version that ``name:version`` names, or the newest of ``name``."""
    name, version = name_and_version(reference)
    return scope.client.get(scope.path("environments", name), EnvironmentVersion, version=version)


def show_environment(environment: str, /, *, session: Session = SESSION) -> Details:
    """Show one environment version with its definition.

    Parameters
    ----------
    environment
        name:version, or the name for the newest version.
    """
    return Details(get_environment(session.scope(), environment), FIELDS)
