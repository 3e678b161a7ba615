"""``zaffre permission grant``."""

from __future__ import annotations

from typing import Literal

from zaffre.cli.permission.place import place_of
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session
from zaffre.core.permissions import Permission, PermissionPut

Granted = Literal["NO_PERMISSIONS", "READ", "USE", "EDIT", "MANAGE"]


def grant_permission(
    user: str,
    level: Granted,
    /,
    *,
    experiment: str | None = None,
    model: str | None = None,
    session: Session = SESSION,
) -> Done:
    """Grant a user a permission on an experiment or a registered model, in place of what the user had there.

    Parameters
    ----------
    user
        The user's name.
    level
        READ and USE read; EDIT also logs and changes; MANAGE also deletes and grants; NO_PERMISSIONS hides.
    experiment
        The experiment's name.
    model
        The registered model's name.
    """
    scope = session.scope()
    path, called = place_of(scope, experiment, model, user)
    made = scope.client.put(path, Permission, PermissionPut(level=level))
    return Done(f"{made.user} has the permission {made.level} on {called}.", {"user": made.user, "level": made.level})
