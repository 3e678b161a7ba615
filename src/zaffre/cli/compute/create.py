"""``zaffre compute create``."""

from __future__ import annotations

from zaffre.cli.compute.show import FIELDS
from zaffre.cli.references import tags
from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import ComputeTarget
from zaffre.core.names import check_compute
from zaffre.core.wire import ComputeCreate


def create_compute(
    name: str,
    /,
    *,
    max_nodes: int = 1,
    min_nodes: int = 0,
    vm_size: str = "LOCAL",
    description: str = "",
    tag: list[str] | None = None,
    session: Session = SESSION,
) -> Details:
    """Create a compute target that runs on the server's machine.

    Parameters
    ----------
    name
        2 to 32 letters, digits or hyphens.
    max_nodes
        How many runs may be active at the same time.
    min_nodes
        Kept for scripts that set it; a process needs no node kept ready.
    vm_size
        Recorded; the machine is the one the server runs on.
    description
        A sentence about it.
    tag
        A tag, as key=value; may be repeated.
    """
    body = ComputeCreate(
        vm_size=vm_size, min_nodes=min_nodes, max_nodes=max_nodes, description=description, tags=tags(tag)
    )
    scope = session.scope()
    return Details(scope.client.put(scope.path("computes", check_compute(name)), ComputeTarget, body), FIELDS)
