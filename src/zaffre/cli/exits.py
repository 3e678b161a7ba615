"""What ``zaffre`` answers to the shell: one table, from the kind of trouble to the exit code."""

from __future__ import annotations

import enum

from zaffre.core.errors import (
    ActivityFailedException,
    AzureMLException,
    Category,
    DeploymentFailed,
)


class Exit(enum.IntEnum):
    DONE = 0
    ERROR = 1
    USAGE = 2
    NOT_FOUND = 3
    NO_SERVER = 4
    CONFLICT = 5
    NO_ACCESS = 6
    FAILED = 7
    INTERRUPTED = 130


MEANINGS = {
    Exit.DONE: "done",
    Exit.ERROR: "an error that has no code of its own; the sentence on stderr says what",
    Exit.USAGE: "the command line is wrong: an unknown command or option, a missing or unreadable value",
    Exit.NOT_FOUND: "what was named does not exist",
    Exit.NO_SERVER: "no server answers, or none runs",
    Exit.CONFLICT: "it exists already, or is not in a state that allows this",
    Exit.NO_ACCESS: "the token is missing, wrong, expired, or does not allow this",
    Exit.FAILED: "the run or the deployment that was waited for failed",
    Exit.INTERRUPTED: "interrupted with Ctrl-C",
}

_BY_CATEGORY = {
    Category.NOT_FOUND: Exit.NOT_FOUND,
    Category.UNAVAILABLE: Exit.NO_SERVER,
    Category.EXISTS: Exit.CONFLICT,
    Category.CONFLICT: Exit.CONFLICT,
    Category.UNAUTHENTICATED: Exit.NO_ACCESS,
    Category.DENIED: Exit.NO_ACCESS,
    Category.TOO_MANY: Exit.NO_ACCESS,
}


class UsageError(Exception):
    """The command line cannot be carried out as it was given; the message is a sentence for the user."""


def exit_code(error: BaseException) -> Exit:
    if isinstance(error, UsageError):
        return Exit.USAGE
    if isinstance(error, KeyboardInterrupt):
        return Exit.INTERRUPTED
    if isinstance(error, ActivityFailedException | DeploymentFailed):
        return Exit.FAILED
    if isinstance(error, AzureMLException):
        return _BY_CATEGORY.get(error.category, Exit.ERROR)
    return Exit.ERROR
