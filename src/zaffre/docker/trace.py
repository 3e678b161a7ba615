"""BuildKit's progress as lines of text.

The engine sends it as protobuf messages (``StatusResponse`` of moby/buildkit, api/services/control/control.proto), of
which a handful of fields are read here: a whole protobuf library would be needed for nothing else.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Fields = dict[int, list[bytes | int]]


@dataclass(slots=True)
class _Step:
    number: int
    name: str
    partial: bytes = b""  # of a line whose end has not come yet
    lines: list[str] = field(default_factory=list)
    is_told: bool = False
    is_timed: bool = False


class Trace:
    """Takes messages as they come; ``log`` gets a line for each step's begin, every line that a step prints, and what
    it took."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._steps: dict[bytes, _Step] = {}
        self.failed_step = ""  # its name, once one failed
        self.error = ""
        self.cached = 0  # steps that were there already
        self.seconds: dict[str, float] = {}  # of each step that was done, by its name
        self._failed: _Step | None = None

    def take(self, aux: str) -> None:
        message = decode(base64.b64decode(aux))
        for vertex in message.get(1, ()):
            if isinstance(vertex, bytes):
                self._take_vertex(decode(vertex))
        for entry in message.get(3, ()):
            if isinstance(entry, bytes):
                self._take_log(decode(entry))

    def close(self) -> None:
        for step in self._steps.values():
            if step.partial:
                self._print(step, step.partial)
                step.partial = b""

    @property
    def last_lines(self) -> list[str]:
        """What the failed step printed."""
        return self._failed.lines if self._failed is not None else []

    def _take_vertex(self, vertex: Fields) -> None:
        digest, name = _bytes(vertex, 1), _bytes(vertex, 3).decode("utf-8", "replace")
        step = self._steps.setdefault(digest, _Step(len(self._steps) + 1, name))
        is_internal = name.startswith(("[internal]", "copy /context"))
        is_cached = bool(vertex.get(4, [0])[0])
        if not step.is_told and not is_internal and (is_cached or 5 in vertex):
            step.is_told = True
            self.cached += is_cached
            self._log(f"#{step.number} {name}{' (done before)' if is_cached else ''}")
        if 5 in vertex and 6 in vertex and not is_cached and not step.is_timed:
            step.is_timed = True
            took = _moment(_bytes(vertex, 6)) - _moment(_bytes(vertex, 5))
            self.seconds[name] = self.seconds.get(name, 0.0) + took
            if step.is_told and took >= 0.1:
                self._log(f"#{step.number} took {took:.1f} s")
        error = _bytes(vertex, 7).decode("utf-8", "replace")
        if error and not self.error:
            self.failed_step, self.error, self._failed = name, error, step

    def _take_log(self, entry: Fields) -> None:
        step = self._steps.get(_bytes(entry, 1))
        if step is None:
            return
        *lines, step.partial = (step.partial + _bytes(entry, 4)).split(b"\n")
        for line in lines:
            self._print(step, line)

    def _print(self, step: _Step, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2]
        step.lines.append(text)
        del step.lines[:-200]
        self._log(f"#{step.number} {text}")


def decode(data: bytes) -> Fields:
    """The fields of a protobuf message by number; numbers as int, everything else as bytes."""
    found: Fields = {}
    for number, value in _fields(data):
        found.setdefault(number, []).append(value)
    return found


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, position = _varint(data, position)
            yield number, value
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            yield number, data[position : position + size]
            position += size
        elif kind == 2:
            size, position = _varint(data, position)
            yield number, data[position : position + size]
            position += size
        else:
            raise ValueError(f"a protobuf field of kind {kind} is not known")


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _moment(timestamp: bytes) -> float:
    """Seconds since the epoch of a protobuf Timestamp."""
    fields = decode(timestamp)
    seconds, nanos = fields.get(1, [0])[0], fields.get(2, [0])[0]
    return (seconds if isinstance(seconds, int) else 0) + (nanos if isinstance(nanos, int) else 0) / 1e9


def _bytes(fields: Fields, number: int) -> bytes:
    value = fields.get(number, [b""])[0]
    return value if isinstance(value, bytes) else b""
