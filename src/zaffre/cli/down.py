"""``zaffre down``."""

from __future__ import annotations

import os
import signal
import time

from zaffre.cli.progress import waiting
from zaffre.cli.results import Done
from zaffre.cli.session import QUIET, Printing
from zaffre.core.errors import ServiceException
from zaffre.sdk.discovery import find_server, home, is_alive

STOP_SECONDS = 30.0


def down(*, printing: Printing = QUIET) -> Done:  # noqa: ARG001
    """Stop the workspace server of this machine; runs and web services that are active go on."""
    at = home()
    info = find_server(at)
    if info is None:
        return Done(f"No server runs for {at}.", {"stopped": False, "home": str(at)})
    os.kill(info.pid, signal.SIGTERM)
    with waiting("Stopping the server"):
        deadline = time.monotonic() + STOP_SECONDS
        while is_alive(info.pid):
            if time.monotonic() > deadline:
                raise ServiceException(
                    f"The server (process {info.pid}) did not stop within {STOP_SECONDS:.0f} seconds: see "
                    f"{at / 'server.log'}, or end it with `kill -9 {info.pid}`; nothing that it acknowledged is lost."
                )
            time.sleep(0.05)
    return Done(f"Stopped the server of {at}.", {"stopped": True, "home": str(at), "pid": info.pid})
