"""``zaffre permission list``."""

from __future__ import annotations

from zaffre.cli.formats import moment
from zaffre.cli.permission.place import place_of
from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session
from zaffre.core.permissions import Permission

COLUMNS = (
    ("user", lambda permission: permission.user),
    ("permission", lambda permission: permission.level),
    ("granted by", lambda permission: permission.granted_by or "made it"),
    ("changed", lambda permission: moment(permission.updated_at)),
)


def list_permissions(*, experiment: str | None = None, model: str | None = None, session: Session = SESSION) -> Listing:
    """List what users were granted on an experiment or a registered model; of everyone else the role decides.

    Parameters
    ----------
    experiment
        The experiment's name.
    model
        The registered model's name.
    """
    scope = session.scope()
    path, called = place_of(scope, experiment, model)
    found = scope.client.items(path, Permission)
    return Listing(list(found), COLUMNS, f"Nothing was granted on {called}: the users' roles decide.")
