"""``zaffre environment delete``."""

from __future__ import annotations

from zaffre.cli.confirm import Yes, confirm_delete
from zaffre.cli.environment.reference import version_of
from zaffre.cli.exits import UsageError
from zaffre.cli.references import name_and_version
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session


def delete_environment(environment: str, /, *, yes: Yes = False, session: Session = SESSION) -> Done:
    """Delete one environment version; what was built from it stays for others with the same content.

    For example:

    - `zaffre environment delete train:2`

    Parameters
    ----------
    environment
        name:version.
    yes
        Do not ask.
    """
    if name_and_version(environment)[1] is None:
        raise UsageError(f"Name the version to delete, such as {environment}:1.")
    scope = session.scope()
    found = version_of(scope, environment)
    confirm_delete(f"version {found.version} of the environment {found.name}", yes)
    scope.client.delete(scope.path("environments", found.name, "versions", found.version))
    return Done(f"Deleted {found.name}:{found.version}.", {"deleted": f"{found.name}:{found.version}"})
