"""What the script prints or logs, with the id of the request whose ``run()`` wrote it, line by line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TextIO, cast

if TYPE_CHECKING:
    from zaffre.serving.request import Request

Requests = list["Request"]
Listener = Callable[[str, str, Requests], None]  # the stream's name, a whole line, and the requests that run() has


class Calls(Protocol):
    """Whoever knows which requests are under way: a worker."""

    def under_way(self) -> Requests: ...


class Output:
    """Stands for ``sys.stdout`` or ``sys.stderr``. A line is marked ``[<request id>]`` where ``is_marking``, whole
    tracebacks too, so that what one call wrote is found among the others."""

    def __init__(self, stream: TextIO, name: str, is_marking: bool, listener: Listener | None) -> None:
        self._stream = stream
        self._name = name
        self._is_marking = is_marking
        self._listener = listener
        self._begun = ""  # of the line that has no end yet
        self.calls: Calls | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Any:
        return iter(self._stream)

    def write(self, text: str) -> int:
        requests = self.calls.under_way() if self.calls is not None else []
        mark = _mark(requests) if requests and self._is_marking else ""
        *whole, rest = str(text).split("\n")
        marked = []
        for number, line in enumerate([*whole, rest]):
            begins = number > 0 or not self._begun
            marked.append(f"{mark}{line}" if begins and line else line)
        self._stream.write("\n".join(marked))
        self._hear(whole, rest, requests)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def _hear(self, whole: list[str], rest: str, requests: Requests) -> None:
        for line in whole:
            if self._listener is not None:
                self._listener(self._name, self._begun + line, requests)
            self._begun = ""
        # Only whether a line is begun matters where nobody listens.
        self._begun = (self._begun + rest)[-65_536:] if self._listener is not None else (self._begun or rest)[:1]


def _mark(requests: Requests) -> str:
    first = requests[0].request_id.decode("latin-1")
    return f"[{first}] " if len(requests) == 1 else f"[{first} and {len(requests) - 1} more] "


def install(is_marking: bool, listener: Listener | None) -> list[Output]:
    """Put an ``Output`` in the place of both streams, before the script is imported: what it gives to handlers of
    its logging is this. ``calls`` is set when there is a worker."""
    if not is_marking and listener is None:
        return []
    made = [Output(sys.stdout, "stdout", is_marking, listener), Output(sys.stderr, "stderr", is_marking, listener)]
    sys.stdout, sys.stderr = cast(TextIO, made[0]), cast(TextIO, made[1])
    return made
