"""``zaffre service regen-key``."""

from __future__ import annotations

import sys
from typing import Literal

from zaffre.cli.confirm import Yes, confirm_replace
from zaffre.cli.handles import workspace_of
from zaffre.cli.results import Details
from zaffre.cli.service.keys import FIELDS, get_keys
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.webservice import Webservice


def regenerate_key(
    name: str,
    key: Literal["primary", "secondary"] = "primary",
    /,
    *,
    stdin: bool = False,
    yes: Yes = False,
    session: Session = SESSION,
) -> Details:
    """Replace a key of a web service: the one before opens nothing any more.

    Parameters
    ----------
    name
        Its name.
    key
        Which of the two.
    stdin
        Read the new key from stdin instead of making a random one.
    yes
        Do not ask.
    """
    scope = session.scope()
    get_keys(scope, name)  # a service without keys is refused before anybody is asked
    chosen = sys.stdin.readline().strip() if stdin else None
    confirm_replace(f"the {key} key of the service {name}", yes or stdin)
    Webservice(workspace_of(session), name).regen_key(key.capitalize(), chosen)
    return Details(get_keys(scope, name), FIELDS)
