"""``zaffre model delete``."""

from __future__ import annotations

from zaffre.cli.confirm import Yes, confirm_delete
from zaffre.cli.exits import UsageError
from zaffre.cli.model.show import get_model
from zaffre.cli.references import name_and_version
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session


def delete_model(model: str, /, *, yes: Yes = False, session: Session = SESSION) -> Done:
    """Delete one model version.

    Parameters
    ----------
    model
        name:version.
    yes
        Do not ask.
    """
    if name_and_version(model)[1] is None:
        raise UsageError(f"Name the version to delete, such as {model}:1.")
    scope = session.scope()
    found = get_model(scope, model)
    confirm_delete(f"version {found.version} of the model {found.name}", yes)
    scope.client.delete(scope.path("models", found.name, "versions", str(found.version)))
    return Done(f"Deleted {found.name}:{found.version}.", {"deleted": f"{found.name}:{found.version}"})
