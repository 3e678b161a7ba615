"""``zaffre permission revoke``."""

from __future__ import annotations

from zaffre.cli.confirm import Yes, confirm_delete
from zaffre.cli.permission.place import place_of
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session


def revoke_permission(
    user: str,
    /,
    *,
    experiment: str | None = None,
    model: str | None = None,
    yes: Yes = False,
    session: Session = SESSION,
) -> Done:
    """Take back what a user was granted on an experiment or a registered model; the user's role decides there again.

    Parameters
    ----------
    user
        The user's name.
    experiment
        The experiment's name.
    model
        The registered model's name.
    yes
        Do not ask.
    """
    scope = session.scope()
    path, called = place_of(scope, experiment, model, user)
    confirm_delete(f"the permission of {user} on {called}", yes)
    scope.client.delete(path)
    return Done(f"On {called} the role of {user} decides again.", {"revoked": user})
