"""``zaffre service token``."""

from __future__ import annotations

from zaffre.cli.results import Value
from zaffre.cli.session import SESSION, Session
from zaffre.core.endpoint_wire import AccessToken


def service_token(name: str, /, *, session: Session = SESSION) -> Value:
    """Make a token that opens a web service with token authentication for some hours.

    Parameters
    ----------
    name
        Its name. Callers send "Authorization: Bearer TOKEN".
    """
    scope = session.scope()
    made = scope.client.post(scope.path("services", name, "tokens"), AccessToken, {})
    return Value(made.access_token, made)
