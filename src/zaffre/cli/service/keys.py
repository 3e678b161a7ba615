"""``zaffre service keys``."""

from __future__ import annotations

from zaffre.cli.results import Details
from zaffre.cli.session import SESSION, Session
from zaffre.core.service_wire import ServiceKeys
from zaffre.sdk.scope import Scope

FIELDS = (
    ("primary key", lambda keys: keys.primary_key),
    ("secondary key", lambda keys: keys.secondary_key),
)


def get_keys(scope: Scope, name: str) -> ServiceKeys:
    return scope.client.post(scope.path("services", name, "keys", "list"), ServiceKeys, {})


def service_keys(name: str, /, *, session: Session = SESSION) -> Details:
    """Show the two keys of a web service, of which callers send one as "Authorization: Bearer KEY".

    Parameters
    ----------
    name
        Its name.
    """
    return Details(get_keys(session.scope(), name), FIELDS)
