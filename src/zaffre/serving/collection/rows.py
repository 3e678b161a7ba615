"""Records of one collector that have the same columns, on their way to one file."""

from __future__ import annotations

import datetime
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from zaffre.core import collection
from zaffre.core.data_collector import NUMBERS
from zaffre.core.parquet import columns
from zaffre.core.parquet.columns import Column, Kind

About = tuple[int, str, list[str], int]  # microseconds, correlation id, request ids, rows
Signature = tuple[Any, ...]

_KINDS: Final = {"i1": Kind.INT32, "u1": Kind.INT32, "i2": Kind.INT32, "u2": Kind.INT32, "i4": Kind.INT32,
                 "u4": Kind.INT64, "i8": Kind.INT64, "f4": Kind.FLOAT, "f8": Kind.DOUBLE}  # fmt: skip
_DAY_MINUTES: Final = 1440
_HOUR_MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Origin:
    """What is the same in every row of a service."""

    account: str  # subscription/group/workspace
    service: str
    hourly: bool


@dataclass(slots=True)
class Group:
    """The rows of one file. ``since`` is the clock's time of the first."""

    collector: Mapping[str, Any]
    signature: Signature
    since: float
    about: list[About] = field(default_factory=list)
    forms: list[Any] = field(default_factory=list)
    data: bytearray = field(default_factory=bytearray)  # of arrays, in place of forms
    rows: int = 0
    size: int = 0  # bytes, as they came

    def add(self, about: About, form: Any, size: int) -> None:
        """``form`` may be the bytes of an array, of which a copy is kept."""
        self.about.append(about)
        self.rows += about[3]
        self.size += size
        if type(form) is bytes:
            self.data += form
        else:
            self.forms.append(form)

    @property
    def began_at(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.about[0][0] / 1e6, datetime.timezone.utc)

    def columns(self, origin: Origin) -> list[Column]:
        """Azure's columns, then the data's; correlations that came with the data stand for those of the request."""
        made = {column.name: column for column in self._about(origin)}
        for column in self._data():
            if column.name == collection.TIMESTAMP:
                continue  # text, and the same as that of the request
            name = column.name
            while name in made and name != collection.CORRELATION:
                name += "_"
            made[name] = Column(name, column.kind, column.count, column.data, column.present)
        return list(made.values())

    def _about(self, origin: Origin) -> list[Column]:
        correlations: list[str] = []
        requests: list[str] = []
        times = array("q")
        for micros, correlation, ids, rows in self.about:
            named = ids if len(ids) == rows else [",".join(ids)] * rows
            requests += named
            correlations += [correlation] * rows if correlation else named
            times.extend([micros] * rows)
        minutes = _HOUR_MINUTES if origin.hourly else _DAY_MINUTES
        names = iter(collection.COLUMNS)
        return [
            columns.of_text(next(names), correlations),
            columns.of_numbers(next(names), Kind.TIME, times),
            columns.of_numbers(next(names), Kind.INT64, array("q", [minutes]) * self.rows),
            columns.of_one_text(next(names), origin.account.rpartition("/")[2], self.rows),
            columns.of_one_text(next(names), origin.service, self.rows),
            columns.of_one_text(next(names), self.collector["model"], self.rows),
            columns.of_one_text(next(names), self.collector["version"], self.rows),
            columns.of_text(next(names), requests),
        ]

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
        return _of_arrays(forms[0][1], b"".join(form[4] for form in forms), names)
    rows = [row for form in forms for row in form[1]]
    return [
        columns.of_values(name, [row[at] if at < len(row) else None for row in rows]) for at, name in enumerate(names)
    ]


def _of_arrays(code: str, data: bytes | bytearray, names: Sequence[str]) -> list[Column]:
    width = len(names)
    values = memoryview(data).cast(NUMBERS[code])  # type: ignore[call-overload]
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
