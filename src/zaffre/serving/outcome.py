"""What the caller is told when ``run()`` is over, and the log where it failed."""

from __future__ import annotations

import logging
from typing import Final

from zaffre.serving import schema
from zaffre.serving.request import Request
from zaffre.serving.results import Answer, NotSerialisable, answer, message
from zaffre.serving.script import user_traceback

log = logging.getLogger("zaffre.serving")

SCRIPT_FAILED: Final = "An unexpected error occurred in scoring script. Check the logs for more info."
INTERNAL_FAILED: Final = "An unexpected internal error occurred. Check the logs for more info."


def name(request: Request) -> str:
    """What the log calls it: its id."""
    return request.request_id.decode("latin-1")


def success(request: Request, value: object, seconds: float) -> Answer:
    try:
        made = answer(value)
    except NotSerialisable as error:
        log.error("request %s: %s", name(request), error)
        return message(500, INTERNAL_FAILED)
    except Exception as error:  # a toJSON() of the user's, or a response object of odd shape
        log.error("request %s: the result could not be written\n%s", name(request), user_traceback(error))
        return message(500, INTERNAL_FAILED)
    made.seconds = seconds
    return made


def failure(request: Request, error: BaseException) -> Answer:
    if (sentence := schema.misfit(error)) is not None:
        return message(400, sentence, request_id=request.request_id)
    log.error("run() raised for request %s\n%s", name(request), user_traceback(error))
    return message(500, SCRIPT_FAILED, failed=True)
