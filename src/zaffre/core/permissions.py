"""Levels of permission on single experiments and registered models, by MLflow's names, and their messages.

(mlflow.org/docs/latest/self-hosting/security/basic-http-auth.)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from zaffre.core.errors import InvalidValue
from zaffre.core.wire import Request


class Level(IntEnum):
    """Each may what those before it may, and more."""

    NO_PERMISSIONS = 0  # the thing is hidden
    READ = 1
    USE = 2  # as READ: experiments and registered models have nothing else to be used for
    EDIT = 3
    MANAGE = 4  # also delete, and grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What a user was given on an experiment or on a registered model; what is not of the two is None."""

    user: str
    level: str  # NO_PERMISSIONS, READ, USE, EDIT or MANAGE
    workspace: str
    experiment: str | None = None
    experiment_id: int | None = None
    model: str | None = None
    granted_by: str = ""  # empty: the user made the thing
    updated_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionPut(Request):
    level: str


def level_of(name: str) -> Level:
    """Raises ``InvalidValue`` for a name that is none of the levels'."""
    if name not in Level.__members__:
        raise InvalidValue(
            f"Invalid permission {name!r:.80}: it must be one of {', '.join(Level.__members__)}.", field="permission"
        )
    return Level[name]
