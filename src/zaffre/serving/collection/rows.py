"""Records of one collector that have the same columns, on their way to one file."""

from __future__ import annotations

import datetime
import struct
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from zaffre.core import collection
from zaffre.core.data_collector import NUMBERS
from zaffre.core.parquet import columns
from zaffre.core.parquet.columns import Column, Kind

Signature = tuple[Any, ...]

ABOUT: Final = struct.Struct("<IIq")  # bytes of request ids and correlation id, microseconds; then these ids

_KINDS: Final = {"i1": Kind.INT32, "u1": Kind.INT32, "i2": Kind.INT32, "u2": Kind.INT32, "i4": Kind.INT32,
                 "u4": Kind.INT64, "i8": Kind.INT64, "f4": Kind.FLOAT, "f8": Kind.DOUBLE}  # fmt: skip
_CELLS: Final = {**NUMBERS, "b1": "b"}  # what array calls them
LENGTHS_BYTES: Final = 8  # of the first two, which are also the last of a record's key
_DAY_MINUTES: Final = 1440
_HOUR_MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Origin:
    """What is the same in every row of a service."""

    account: str  # subscription/group/workspace
    service: str
    hourly: bool

    @property
    def period(self) -> int:
        """Microseconds whose rows go to one folder."""
        return (_HOUR_MINUTES if self.hourly else _DAY_MINUTES) * 60_000_000


@dataclass(slots=True)
class Group:
    """The rows of one file. ``since`` is the clock's time of the first; ``about`` holds ``ABOUT`` and the ids of each
    record, and ``counts`` its rows."""

    collector: Mapping[str, Any]
    signature: Signature
    since: float
    about: list[bytes] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    forms: list[Any] = field(default_factory=list)
    data: array[Any] = field(init=False)  # of arrays, in place of forms
    rows: int = 0
    size: int = 0  # bytes, as they came

    def __post_init__(self) -> None:
        self.data = array(_CELLS[self.signature[1]] if self.signature[0] == "array" else "b")

    def add(self, about: bytes, rows: int, form: Any, size: int) -> None:
        """``form`` may be the bytes of an array."""
        self.about.append(about)
        self.counts.append(rows)
        self.rows += rows
        self.size += size
        if type(form) is bytes:
            self.data.frombytes(form)
        else:
            self.forms.append(form)

    @property
    def began_at(self) -> datetime.datetime:
        micros = ABOUT.unpack_from(self.about[0])[2]
        return datetime.datetime.fromtimestamp(micros / 1e6, datetime.timezone.utc)

    def columns(self, origin: Origin) -> list[Column]:
        """Azure's columns, then the data's; correlations that came with the data stand for those of the request."""
        made = {column.name: column for column in self._about(origin)}
        for column in self._data():
            if column.name == collection.TIMESTAMP:
                continue  # text, and the same as that of the request
            name = column.name
            while name in made and name != collection.CORRELATION:
                name += "_"
            made[name] = column if name == column.name else replace(column, name=name)
        return list(made.values())

    def _about(self, origin: Origin) -> list[Column]:
        minutes = _HOUR_MINUTES if origin.hourly else _DAY_MINUTES
        times, correlations, requests = self._ids()
        names = iter(collection.COLUMNS)
        return [
            columns.of_utf8(next(names), correlations),
            columns.of_numbers(next(names), Kind.TIME, times),
            columns.of_numbers(next(names), Kind.INT64, array("q", [minutes]) * self.rows),
            columns.of_one_text(next(names), origin.account.rpartition("/")[2], self.rows),
            columns.of_one_text(next(names), origin.service, self.rows),
            columns.of_one_text(next(names), self.collector["model"], self.rows),
            columns.of_one_text(next(names), self.collector["version"], self.rows),
            columns.of_utf8(next(names), requests),
        ]

    def _ids(self) -> tuple[array[int], list[bytes], list[bytes]]:
        """Of each row its time, correlation id and request id, in UTF-8."""
        times: list[int] = []
        correlations: list[bytes] = []
        requests: list[bytes] = []
        layouts: dict[bytes, struct.Struct] = {}
        for about, rows in zip(self.about, self.counts, strict=True):
            lengths = about[:LENGTHS_BYTES]
            layout = layouts.get(lengths)
            if layout is None:
                named, correlated, _ = ABOUT.unpack_from(about)
                layout = layouts[lengths] = struct.Struct(f"<{LENGTHS_BYTES}xq{named}s{correlated}s")
            micros, ids, correlation = layout.unpack(about)
            if rows == 1 and ids.isascii() and b"\n" not in ids:
                times.append(micros)
                requests.append(ids)
                correlations.append(correlation or ids)
                continue
            each = ids.decode("latin-1").encode().split(b"\n")
            each = each if len(each) == rows else [b",".join(each)] * rows
            times += [micros] * rows
            requests += each
            correlations += [correlation] * rows if correlation else each
        return array("q", times), correlations, requests

    def _data(self) -> list[Column]:
        if self.signature[0] == "columns":
            parts = zip(*(form[1] for form in self.forms), strict=True)
            return [_parts([part for _, part in column], [column[0][0]])[0] for column in parts]
        width = self.signature[-1]
        held = (self.collector["names"] or [])[:width]
        names = [*held, *(str(at) for at in range(len(held), width))]
        return _parts(self.forms, names) if self.forms else _of_arrays(self.signature[1], self.data, names)


def count(form: Any) -> int:
    """The rows of a form."""
    if form[0] == "array":
        return int(form[2])
    return len(form[1]) if form[0] == "rows" else count(form[1][0][1])


def signature(form: Any) -> Signature:
    """Equal for records whose columns have the same names and kinds."""
    if form[0] == "array":
        return ("array", form[1], form[3])
    if form[0] == "rows":
        return ("rows", max(map(len, form[1]), default=0))
    return ("columns", *((name, signature(part)) for name, part in form[1]))


def _parts(forms: Sequence[Any], names: Sequence[str]) -> list[Column]:
    """The columns of forms of one signature."""
    if forms[0][0] == "array":
        code = forms[0][1]
        return _of_arrays(code, array(_CELLS[code], b"".join(form[4] for form in forms)), names)
    rows = [row for form in forms for row in form[1]]
    if all(len(row) == len(names) for row in rows):
        return [columns.of_values(name, values) for name, values in zip(names, zip(*rows, strict=True), strict=True)]
    return [
        columns.of_values(name, [row[at] if at < len(row) else None for row in rows]) for at, name in enumerate(names)
    ]


def _of_arrays(code: str, values: array[Any], names: Sequence[str]) -> list[Column]:
    width = len(names)
    if code == "b1":
        return [
            Column(name, Kind.BOOLEAN, len(values) // width, columns.pack_booleans(values[at::width]))
            for at, name in enumerate(names)
        ]
    kind = _KINDS[code]
    wider = columns.CODES[kind]
    if wider == NUMBERS[code]:
        return [columns.of_numbers(name, kind, values[at::width]) for at, name in enumerate(names)]
    return [columns.of_numbers(name, kind, array(wider, values[at::width])) for at, name in enumerate(names)]
