"""The last look at an entry script before anyone is answered: ``run()`` is called once, on its own sample.

The call is a request as any other, read and answered by the same code, but for what counts and limits requests: no
connection, no metrics. Its header ``x-zaffre-preflight: sample`` tells it apart.
"""

from __future__ import annotations

import faulthandler
import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from zaffre.serving import results, schema, streams
from zaffre.serving.batching import Rows, WrongLength, split
from zaffre.serving.inputs import Arguments, Refused
from zaffre.serving.request import Request
from zaffre.serving.results import NotSerialisable
from zaffre.serving.script import EntryScript, ScriptFault, brief, user_traceback
from zaffre.serving.settings import SAMPLE, Settings

HEADER: Final = b"x-zaffre-preflight"
LIMIT_SECONDS: Final = 300.0  # for the one call, where SCORING_TIMEOUT_MS allows more
_STUCK_SECONDS: Final = 10.0  # before a call that goes on in native code ends the process
_SHOWN: Final = 500  # characters of an answer that an error shows

NOT_ASKED: Final = "not called: switched off"
NO_SAMPLE: Final = "not called: the script has no sample"


def check(script: EntryScript, settings: Settings) -> str:
    """A few words on what was done. Raises ``ScriptFault`` of the stage ``sample``, with the script's traceback."""
    if settings.preflight != SAMPLE:
        return NOT_ASKED
    body = _sample(script)
    if body is None:
        return NO_SAMPLE
    headers = [(b"content-type", b"application/json"), (HEADER, SAMPLE.encode())]
    request = Request("POST", f"{settings.prefix}/score".encode(), headers, body, False)
    name = script.path.name
    limit = min(settings.timeout_ms / 1000, LIMIT_SECONDS)
    start = time.perf_counter()
    try:
        arguments = script.arguments(request)
        with _limited(limit):
            value = _result(script, arguments)
    except Refused as refused:
        raise ScriptFault("sample", f"the sample of {name} does not fit its run(): {refused.message}") from refused
    except BaseException as error:
        raise _fault(name, error) from error
    seconds = time.perf_counter() - start
    try:
        made = results.answer(value)
    except NotSerialisable as error:
        raise ScriptFault("sample", f"run() of {name} on the sample: {error}") from error
    except Exception as error:  # a toJSON() of the user's
        what = f"the result of run() of {name} on the sample could not be written: {brief(error)}"
        raise ScriptFault("sample", what, user_traceback(error), type(error).__name__) from error
    if made.status >= 400:
        said = made.body[:_SHOWN].decode("utf-8", "replace")
        raise ScriptFault("sample", f"run() of {name} answered the sample with status {made.status}: {said}")
    return f"run() on the sample {seconds:.2f} s"


def _sample(script: EntryScript) -> bytes | None:
    """The body: what ``preflight_sample`` of the script says, else the sample of its schema."""
    given = script.sample
    if callable(given):
        try:
            given = given()
        except BaseException as error:
            what = f"preflight_sample() of {script.path.name} raised {brief(error)}"
            raise ScriptFault("sample", what, user_traceback(error), type(error).__name__) from error
    if given is None:
        given = schema.sample(script.run)
        if given is None:
            return None
    if isinstance(given, (bytes, bytearray)):
        return bytes(given)
    if isinstance(given, str):
        return given.encode()
    try:
        return json.dumps(given).encode()
    except (TypeError, ValueError) as error:
        what = f"the sample of {script.path.name} must be text, bytes or JSON: {brief(error)}"
        raise ScriptFault("sample", what) from error


def _result(script: EntryScript, arguments: Arguments) -> Any:
    """What ``run`` returns for one request: of a batch its part, of a stream the end."""
    rows = arguments.get("rows") if script.batching is not None else None
    if isinstance(rows, Rows):
        found = split(script.run(rows.values), [len(rows.values)])[0]
        return found[0] if rows.is_single else found
    value = script.run(**arguments)
    if not streams.is_stream(value):
        return value
    for item in value:
        streams.piece(item)
    return None


def _fault(name: str, error: BaseException) -> ScriptFault:
    if isinstance(error, _TooLong):
        what = f"run() of {name} on the sample took longer than {error.seconds:g} s"
    elif (misfit := schema.misfit(error)) is not None:
        what = f"the sample of {name} does not fit its schema: {misfit}"
    elif isinstance(error, (WrongLength, NotSerialisable)):
        what = f"run() of {name} on the sample: {error}"
    else:
        what = f"run() of {name} on the sample raised {brief(error)}"
    return ScriptFault("sample", what, user_traceback(error), type(error).__name__)


class _TooLong(BaseException):
    """Raised inside ``run()``. Not an Exception, so that user code does not swallow it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"stopped after {seconds:g} s")
        self.seconds = seconds


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Interrupt what takes longer: by a signal, unless the script has that one; by the end of the process where no
    Python instruction follows, which writes the traceback to the log."""

    def strike(_signal: int, _frame: FrameType | None) -> None:
        raise _TooLong(seconds)

    before: Callable[..., Any] | int | None = signal.getsignal(signal.SIGALRM)
    ours = before is signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGALRM, strike)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(seconds + (_STUCK_SECONDS if ours else 0), exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        if ours:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
