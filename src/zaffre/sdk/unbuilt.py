"""What Azure's SDK has and Zaffre has not (yet): one way to say so."""

from __future__ import annotations

from zaffre import __version__
from zaffre.core.errors import Unsupported


def not_built(what: str, instead: str) -> Unsupported:
    """The error to raise; ``instead`` is what to do, without a full stop."""
    return Unsupported(f"{what} is not built in Zaffre {__version__}: {instead}.")


def missing_module(name: str) -> ModuleNotFoundError:
    """The error for importing a module of Azure's SDK that is not here."""
    return ModuleNotFoundError(
        f"The module {name} of Azure's SDK is not built in Zaffre {__version__}: remove its import, or keep the part "
        "of the script that needs it out.",
        name=name,
    )
