"""``zaffre compute show``."""

from __future__ import annotations

from zaffre.cli.formats import moment, pairs
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import ComputeTarget

FIELDS = (
    ("name", lambda target: target.name),
    ("type", lambda target: target.type),
    ("state", lambda target: target.provisioning_state),
    ("size", lambda target: target.vm_size),
    ("nodes", lambda target: f"{target.min_nodes} to {target.max_nodes}"),
    ("busy", lambda target: target.running_nodes),
    ("description", lambda target: target.description),
    ("tags", lambda target: pairs(target.tags)),
    ("created", lambda target: moment(target.created_at)),
    ("errors", lambda target: "; ".join(target.errors)),
)


def show_compute(name: str, /, *, session: Session = SESSION) -> Details:
    """Show one compute target.

    Parameters
    ----------
    name
        Its name.
    """
    scope = session.scope()
    return Details(scope.client.get(scope.path("computes", name), ComputeTarget), FIELDS)
