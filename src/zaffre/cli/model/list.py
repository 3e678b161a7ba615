"""``zaffre model list``."""

from __future__ import annotations

from zaffre.cli.formats import moment, pairs, size
from zaffre.cli.results import Listing
from zaffre.cli.session import SESSION, Session
from zaffre.core.entities import ModelVersion

COLUMNS = (
    ("name", lambda model: model.name),
    ("version", lambda model: model.version),
    ("framework", lambda model: model.framework),
    ("size", lambda model: size(model.size)),
    ("run", lambda model: model.run_id),
    ("created", lambda model: moment(model.created_at)),
    ("tags", lambda model: pairs(model.tags)),
)


def list_models(
    *,
    name: str | None = None,
    tag: str | None = None,
    run: str | None = None,
    latest: bool = False,
    session: Session = SESSION,
) -> Listing:
    """List model versions, the newest first.

    Parameters
    ----------
    name
        Only the versions of this model.
    tag
        Only those with this tag: key, or key=value.
    run
        Only those that this run made.
    latest
        Only the newest version of each model.
    """
    scope = session.scope()
    found = scope.client.items(
        scope.path("models"), ModelVersion, name=name, tag=tag, run_id=run, latest="true" if latest else None
    )
    return Listing(list(found), COLUMNS, f"The workspace {scope.workspace} has no such model.")
