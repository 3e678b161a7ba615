"""``python -m zaffre.serving.collection.writer``: reads a worker's records from standard input, writes Parquet files.

It ends when the worker does, after what was handed over is written. Failures go to standard output, ``<rows> <why>``.
"""

from __future__ import annotations

import contextlib
import json
import marshal
import os
import secrets
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from zaffre.core import collection
from zaffre.core.data_collector import KEY, NUMBERS, TIME
from zaffre.core.parquet.writer import pieces
from zaffre.serving.collection.allowance import Allowance
from zaffre.serving.collection.ring import SIZE_BYTES, Ring
from zaffre.serving.collection.rows import LENGTHS_BYTES, Group, Origin, Signature, count, signature

_PIECE: Final = 64 * 1024
_LOOK_SECONDS: Final = 0.25
_DTYPES: Final = tuple(NUMBERS)
_MOST_GROUPS: Final = 64  # open at once; frames whose columns change from call to call make one each
_MOST_KNOWN: Final = 256
_IN_MEMORY: Final = 4  # times a file's size, over all groups
_PACKING_SHARE: Final = 0.01  # of a processor's time, for what takes far longer than all else
_PACKING_SECONDS: Final = 0.25  # that are saved up
_ABOUT_AT: Final = KEY.size - LENGTHS_BYTES  # in a record: bytes of ids, time, ids

Place = tuple[Group, Any, int, int, int]  # with its key; where data begins and ends, from a record's beginning; rows


class Writer:
    """``feed`` bytes as they come, ``tick`` now and then, ``close`` at the end."""

    def __init__(self, ring: Ring, origin: Origin, folder: Path, seconds: float, file_bytes: int) -> None:
        self._ring = ring
        self._origin = origin
        self._folder = folder
        self._seconds = seconds
        self._file_bytes = file_bytes
        self._collectors: dict[int, Mapping[str, Any]] = {}
        self._groups: dict[Any, Group] = {}
        self._known: dict[bytes, Place] = {}  # of arrays, by the key of their records; all in this period
        self._period = -1  # of the records that are taken; -1: of several
        self._rest = bytearray()
        self._allowance = Allowance(_PACKING_SHARE, _PACKING_SECONDS, time.monotonic())

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the pipe, and from the ring the records that they tell of."""
        self._rest += data
        for frame in self._frames():
            begin, end, collectors = marshal.loads(frame)  # noqa: S302  # from our own parent; marshal makes no objects
            self._collectors.update(collectors)
            records = self._ring.read(begin, end - begin)
            self._ring.free(end)
            if records:
                self._take(records)

    def tick(self, now: float) -> None:
        """Close the files whose time has come."""
        for key, group in list(self._groups.items()):
            if now - group.since > self._seconds:
                self._finish(key)

    def close(self) -> None:
        for key in list(self._groups):
            self._finish(key)

    def _frames(self) -> Iterator[bytes]:
        rest, at = self._rest, 0
        while len(rest) - at >= SIZE_BYTES:
            size = int.from_bytes(rest[at : at + SIZE_BYTES], "little")
            if len(rest) - at - SIZE_BYTES < size:
                break
            at += SIZE_BYTES + size
            yield bytes(rest[at - size : at])
        del rest[:at]

    def _take(self, records: bytes) -> None:
        """Put each record into its group: quickly, where one of its key is known."""
        self._notice_period(records)
        known, view, at = self._known, memoryview(records), 0
        while at < len(records):
            place = known.get(records[at : at + KEY.size])
            if place is None:
                at = self._sort(records, at)
                continue
            group, key, data, size, rows = place
            group.about.append(records[at + _ABOUT_AT : at + data])
            group.counts.append(rows)
            group.data.frombytes(view[at + data : at + size])
            group.rows += rows
            group.size += size
            at += size
            if group.size >= self._file_bytes:
                self._finish(key)
        while sum(group.size for group in self._groups.values()) > _IN_MEMORY * self._file_bytes:
            self._finish(max(self._groups, key=lambda each: self._groups[each].size))

    def _sort(self, records: bytes, at: int) -> int:
        """Put the record that begins there into its group: where the next one begins."""
        number, dtype, width, size, named, correlated = KEY.unpack_from(records, at)
        (micros,) = TIME.unpack_from(records, at + KEY.size)
        data = at + KEY.size + TIME.size + named + correlated
        end: int = data + size
        form: Any = records[data:end]
        if width:
            kind: Signature = ("array", _DTYPES[dtype], width)
            rows = size // (width * int(_DTYPES[dtype][1]))
        else:
            form = marshal.loads(form)  # noqa: S302
            kind, rows = signature(form), count(form)
        key = (number, kind, micros // self._origin.period)
        group = self._groups.get(key)
        if group is None:
            if len(self._groups) >= _MOST_GROUPS:
                self._finish(min(self._groups, key=lambda each: self._groups[each].since))
            group = self._groups[key] = Group(self._collectors[number], kind, time.monotonic())
        group.add(records[at + _ABOUT_AT : data], rows, form, end - at)
        if width and self._period >= 0:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[records[at : at + KEY.size]] = group, key, data - at, end - at, rows
        if group.size >= self._file_bytes:
            self._finish(key)
        return end

    def _notice_period(self, records: bytes) -> None:
        """Whether all of these go to the folders of one day or hour: the first of them does, and so does what comes
        now."""
        period = TIME.unpack_from(records, KEY.size)[0] // self._origin.period
        if period != time.time_ns() // 1000 // self._origin.period:
            period = -1
        if period != self._period:
            self._known.clear()
        self._period = period

    def _finish(self, key: Any) -> None:
        """Write the file of a group: there at once as a whole, or not at all."""
        group = self._groups.pop(key)
        for known, place in list(self._known.items()):
            if place[0] is group:
                del self._known[known]
        try:
            self._write(group)
        except Exception as error:  # a full disk, cells of odd shape: this file is lost, the next may go
            why = (
                error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}"
            )
            with contextlib.suppress(OSError):
                os.write(1, f"{group.rows} their file could not be written: {why}\n".encode("utf-8", "replace"))

    def _write(self, group: Group) -> None:
        about = group.collector
        path = self._folder / collection.file_path(
            collection.service_folder(self._origin.account, self._origin.service),
            about["model"],
            about["version"],
            about["designation"],
            stem=about["stem"],
            at=group.began_at,
            hourly=self._origin.hourly,
            chance=secrets.token_hex(4),
            rows=group.rows,
        )
        columns = group.columns(self._origin)
        began = time.process_time()
        packs = self._allowance.is_left(time.monotonic())
        data = pieces(columns, packs=packs)
        if packs:
            self._allowance.spend(time.process_time() - began)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.part")
        try:
            with partial.open("wb") as file:
                file.writelines(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise


def main() -> None:
    facts = json.loads(sys.argv[1])
    for number in (signal.SIGINT, signal.SIGTERM):  # who stops the service ends the worker, and so our input
        signal.signal(number, signal.SIG_IGN)
    _step_back()
    origin = Origin(facts["account"], facts["service"], facts["hourly"])
    ring = Ring(facts["ring"], facts["memory_bytes"])
    writer = Writer(ring, origin, Path(facts["folder"]), facts["seconds"], facts["file_bytes"])
    while True:
        ready, _, _ = select.select([0], [], [], _LOOK_SECONDS)
        if ready:
            data = os.read(0, _PIECE)
            if not data:
                break
            writer.feed(data)
        writer.tick(time.monotonic())
    writer.close()


def _step_back() -> None:
    """Take only the time that nobody else wants."""
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):  # some sandboxes allow none of it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            return
    os.nice(19)


if __name__ == "__main__":
    main()
