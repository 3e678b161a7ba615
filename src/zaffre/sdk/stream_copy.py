"""Copy what a script prints into a run's log while it prints."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any, Final, TextIO, cast

from zaffre.core.errors import AzureMLException

SECONDS: Final = 1.0
_log = logging.getLogger("zaffre")


class _Tee:
    """A text stream that also hands what is written to ``copy``; everything else is the stream's own."""

    def __init__(self, stream: TextIO, copy: Callable[[str], None]) -> None:
        self._stream = stream
        self._copy = copy

    def write(self, text: str) -> int:
        self._copy(text)
        return self._stream.write(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class StreamCopy:
    """Between ``start`` and ``stop``, stdout and stderr are also sent by ``append(offset, data)`` once a second.

    Sending never fails the script: what the server did not take is offered again, and at last given up with a warning.
    """

    def __init__(self, append: Callable[[int, bytes], object]) -> None:
        self._append = append
        self._parts: list[str] = []
        self._offset = 0
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._streams: tuple[TextIO, TextIO] | None = None

    def start(self) -> None:
        self._streams = (sys.stdout, sys.stderr)
        sys.stdout = cast(TextIO, _Tee(sys.stdout, self._parts.append))
        sys.stderr = cast(TextIO, _Tee(sys.stderr, self._parts.append))
        self._thread = threading.Thread(target=self._run, name="zaffre-output", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Put the streams back and send the rest."""
        if self._streams is None or self._thread is None:
            return
        sys.stdout, sys.stderr = self._streams
        self._end.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        pending = b""
        ended = False
        while not ended:
            ended = self._end.wait(SECONDS)
            count = len(self._parts)
            pending += "".join(self._parts[:count]).encode("utf-8", "replace")
            del self._parts[:count]
            if not pending:
                continue
            try:
                self._append(self._offset, pending)
            except AzureMLException as error:
                if ended:
                    _log.warning("%d bytes of output were not kept with the run: %s", len(pending), error.message)
            else:
                self._offset += len(pending)
                pending = b""
