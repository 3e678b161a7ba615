"""Azure's switch for telemetry. Zaffre has none to switch."""

from __future__ import annotations

import logging

_log = logging.getLogger("zaffre")


def set_diagnostics_collection(send_diagnostics: bool = True, verbosity: object = None) -> None:
    """Nothing is ever collected or sent, so nothing changes."""
    _log.info("Zaffre sends no diagnostics.")
