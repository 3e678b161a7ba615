"""``zaffre service logs``."""

from __future__ import annotations

import codecs
import time
from collections.abc import Iterator
from typing import Annotated, Final

from cyclopts import Parameter

from zaffre.cli.results import Text
from zaffre.cli.service.show import get_service
from zaffre.cli.session import SESSION, Session
from zaffre.core.errors import WebserviceNotFound
from zaffre.sdk.scope import Scope

POLL_SECONDS: Final = 0.5


def service_logs(
    name: str,
    /,
    *,
    follow: Annotated[bool, Parameter(name=("--follow", "-f"))] = False,
    session: Session = SESSION,
) -> Text:
    """Print what a web service has written: its deployment, and what the entry script printed.

    Parameters
    ----------
    name
        Its name.
    follow
        Go on until Ctrl-C, or until the service is deleted.
    """
    scope = session.scope()
    get_service(scope, name)
    return Text(_pieces(scope, name, follow))


def _pieces(scope: Scope, name: str, follow: bool) -> Iterator[str]:
    path = scope.path("services", name, "logs")
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    offset = 0
    while True:
        try:
            new = scope.client.transport.request("GET", path, params={"offset": offset}).body
        except WebserviceNotFound:
            return
        offset += len(new)
        if new:
            yield decoder.decode(new)
        if not follow:
            return
        time.sleep(POLL_SECONDS)
