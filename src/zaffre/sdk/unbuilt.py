"""What Azure's SDK has and Zaffre has not (yet): one way to say so."""

from __future__ import annotations

from zaffre import __version__
from zaffre.core.errors import Unsupported


def not_built(what: str, instead: str) -> Unsupported:
    """The error to raise; ``instead`` is what to do, without a full stop."""
    return Unsupported(f"{what} is not built in Zaffre {__version__}: {instead}.")
