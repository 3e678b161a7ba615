"""``ModelDataCollector`` in an entry script: it hands rows over to the serving process that collects.

``collect`` copies what it is given and returns; everything else is done elsewhere. A record is ``KEY``, the time
(``TIME``), the request ids with a line feed between them, the correlation id, and the bytes of an array or, where the
width is 0, of a form that is packed with ``marshal``, one of

    ("array", dtype, rows, width, bytes)      ("rows", [[cell, ...], ...])      ("columns", [(name, form of one), ...])
"""

from __future__ import annotations

import marshal
import os
import struct
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

from zaffre.core import contract
from zaffre.core.collection import CORRELATION, DEBUG, DESIGNATIONS, ENABLED, TIMESTAMP

MOST_COLUMNS: Final = 4096
_MOST_LAYOUTS: Final = 64  # of records of arrays, that a collector remembers
# Types of numpy that go as they are, and what Python's array and memoryview call them.
NUMBERS: Final = {
    "b1": "?", "i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "f4": "f", "f8": "d",
}  # fmt: skip
_PLAIN: Final = (bool, int, float, str, type(None))

# Collector, place of the dtype in NUMBERS, width; bytes of data, request ids, correlation id.
KEY: Final = struct.Struct("<IHHIII")
TIME: Final = struct.Struct("<q")  # microseconds since 1970
Shape = tuple[str, int, int]  # dtype, rows, width
Layout = tuple[struct.Struct, bytes, int]  # of a record; its key, and its rows
Record = tuple[bytes, int, bytes, bytes, bytes]  # key, microseconds, request ids, correlation id, data
_DTYPES: Final = {name: place for place, name in enumerate(NUMBERS)}


class Sink(Protocol):
    """What takes the records: the serving process."""

    def register(self, collector: Mapping[str, Any]) -> int:
        """A number for a collector: ``model``, ``version``, ``designation``, ``stem`` and ``names``."""

    def request_ids(self) -> bytes | None:
        """Those that ``run()`` works on now, in latin-1, a line feed between them; None: they are not in the sample."""

    def put(self, layout: struct.Struct, record: Record, rows: int) -> None:
        """Returns at once; what there is no room for is counted as dropped."""

    def refuse(self, reason: str) -> None:
        """Count data that cannot be kept."""


# Set in a worker before the entry script is imported, on the thread that calls init() and run().
SINK: Final[ContextVar[Sink | None]] = ContextVar("zaffre.collection", default=None)


class Uncollectable(Exception):
    """The data has no form of rows and columns; the message says why."""


class CorrelationId(str):
    """Marks the first column of data that ``add_correlations`` returned."""

    __slots__ = ()


class ModelDataCollector:
    """Collects rows of one model: ``inputs``, ``predictions``, ``labels``, ``signals`` or ``general`` ("default").

    It works in a service that collects (``collect_model_data=True``); everywhere else ``collect`` does nothing, which
    is printed once. ``identifier`` is the older name of ``designation``. ``workspace`` and ``webservice_name`` are
    taken: in a service, its own are written.
    """

    def __init__(
        self,
        model_name: str,
        designation: str = "default",
        feature_names: Sequence[str] | None = None,
        workspace: str = "default/default/default",
        webservice_name: str = "default",
        model_version: str = "default",
        collection_name: str = "default",
        *,
        identifier: str | None = None,
    ) -> None:
        designation = identifier or designation
        self.model_name = model_name
        self.designation = "general" if designation == "default" else designation
        self.feature_names = None if feature_names is None else [str(name) for name in feature_names]
        self.model_version = _served_version(model_name) if model_version == "default" else str(model_version)
        self.collection_name = collection_name
        self.workspace = workspace
        self.webservice_name = webservice_name
        self._sink: Sink | None = None
        self._number = 0
        self._is_inputs = self.designation == "inputs"
        self._layouts: dict[Any, Layout] = {}  # by dtype, shape, and bytes of the ids
        self._second = 0  # in microseconds
        self._begin = ""
        self._prints = os.environ.get(DEBUG, "").lower() == "true"
        if self.designation not in DESIGNATIONS:
            print(f"{designation!r} is no designation, so nothing is collected: use {', '.join(DESIGNATIONS)}.")
            return
        sink = SINK.get()
        if sink is None:
            if not self._prints:
                _say_off(os.environ.get(ENABLED, "").lower() == "true")
            return
        if not self._prints:
            self._number = sink.register(self._about())
            self._sink = sink

    def collect(self, input_data: Any, user_correlation_id: str = "") -> dict[str, str]:
        """Keep rows: a list, array, frame, or mapping of columns. For inputs the correlations, which
        ``add_correlations`` puts before other data of the same request.

        A flat list or array is one row where it has as many values as there are feature names, and without names where
        it is of inputs; else each value is a row. It never raises for data that cannot be kept: that is counted and
        told in the service's log.
        """
        sink = self._sink
        if sink is None:
            return self._print(input_data, user_correlation_id) if self._prints else {}
        ids = sink.request_ids()
        if ids is None:
            return {}
        now = time.time_ns() // 1000
        about = b""
        if user_correlation_id != "" or not ids:
            about = (str(user_correlation_id) or str(uuid.uuid4())).encode("utf-8", "replace")
        try:  # an array like one before goes the short way: requests wait for what is done here
            layout = self._layouts[input_data.dtype, input_data.shape, len(ids), len(about)]
            sink.put(layout[0], (layout[1], now, ids, about, input_data.tobytes()), layout[2])
        except Exception:  # none like it yet, or no array
            self._collect(sink, input_data, now, ids, about)
        if not self._is_inputs:
            return {}
        correlation = about.decode() if about else ids.decode("latin-1").replace("\n", ",")
        return {CORRELATION: correlation, TIMESTAMP: self._stamp(now)}

    def _collect(self, sink: Sink, data: Any, now: int, ids: bytes, about: bytes) -> None:
        """Any data: what has no form that can be kept is counted."""
        try:
            dtype, width, rows, packed = self._packed(data)
            if not rows:
                return
            key = KEY.pack(self._number, dtype, width, len(packed), len(ids), len(about))
            layout = struct.Struct(f"<{KEY.size}sq{len(ids)}s{len(about)}s{len(packed)}s")
            if width:
                if len(self._layouts) >= _MOST_LAYOUTS:
                    self._layouts.clear()
                self._layouts[data.dtype, data.shape, len(ids), len(about)] = layout, key, rows
            sink.put(layout, (key, now, ids, about, packed), rows)
        except Uncollectable as reason:
            sink.refuse(f"{self.designation} of {self.model_name}: {reason}")
        except Exception as error:  # a frame of odd shape, a list that holds itself: the request goes on
            sink.refuse(f"{self.designation} of {self.model_name}: {type(error).__name__}: {error}")

    def add_correlations(self, input_data: Any, correlations: Mapping[str, str]) -> Any:
        """The data with the correlations of ``collect`` as first columns; itself where there are none."""
        if not correlations:
            return input_data
        marked, stamp = CorrelationId(correlations[CORRELATION]), correlations[TIMESTAMP]
        if _is_frame(input_data):
            frame = input_data.copy()
            frame.insert(0, TIMESTAMP, stamp)
            frame.insert(0, CORRELATION, str(marked))
            return frame
        values = input_data.tolist() if hasattr(input_data, "tolist") else list(input_data)
        rows = [[marked, stamp, *row] for row in self._table(values)]
        numpy = sys.modules.get("numpy")
        if numpy is not None and isinstance(input_data, numpy.ndarray):
            return numpy.array(rows, dtype=object)
        return rows

    def _stamp(self, micros: int) -> str:
        """``_iso``, whose text is made once in a second."""
        rest = micros - self._second
        if not 0 <= rest < 1_000_000:
            rest = micros % 1_000_000
            self._second, self._begin = micros - rest, _iso(micros - rest)[:-12]
        return f"{self._begin}{rest:06d}+00:00"

    def _about(self) -> dict[str, Any]:
        named = self.designation in ("signals", "general") and self.collection_name != "default"
        return {
            "model": self.model_name,
            "version": self.model_version,
            "designation": self.designation,
            "stem": self.collection_name if named else self.designation,
            "names": self.feature_names,
        }

    def _packed(self, data: Any) -> tuple[int, int, int, bytes]:
        """Place of the dtype, width, rows, and bytes that stay when ``run()`` goes on and changes the data. The width
        is 0 for all but arrays of numbers."""
        if _is_array(data) and (shape := self._shape(data)) is not None:
            code, rows, width = shape
            return _DTYPES[code], width, rows, data.tobytes()
        form, rows = self._form(data)
        return 0, 0, rows, marshal.dumps(form)

    def _form(self, data: Any) -> tuple[Any, int]:
        if _is_array(data) and (shape := self._shape(data)) is not None:
            return ("array", *shape, data.tobytes()), shape[1]
        if _is_frame(data):
            return _frame(data)
        if hasattr(data, "toPandas"):
            return _frame(data.toPandas())
        if isinstance(data, Mapping):
            return _columns({str(name): values for name, values in data.items()})
        if hasattr(data, "tolist"):  # a series, a tensor
            data = data.tolist()
        if isinstance(data, list | tuple) and data and isinstance(data[0], Mapping):
            held = dict.fromkeys(name for row in data for name in row)
            return _columns({str(name): [row.get(name) for row in data] for name in held})
        rows = self._table(data)
        if rows and rows[0] and type(rows[0][0]) is CorrelationId:
            names = [CORRELATION, TIMESTAMP, *self._names(len(rows[0]) - 2)]
            return _columns({name: [row[at] for row in rows] for at, name in enumerate(names)})
        _check_width(max(map(len, rows), default=0))
        return ("rows", [row if _is_numeric(row) else [_cell(value) for value in row] for row in rows]), len(rows)

    def _shape(self, data: Any) -> Shape | None:
        """None for an array of other things than numbers, and one of none."""
        kind = data.dtype
        code = kind.str[1:]
        if code not in NUMBERS or not kind.isnative or not data.size:
            return None
        shape = data.shape
        if len(shape) == 2:
            rows, width = shape
        elif len(shape) < 2:
            rows, width = (1, data.size) if self._is_row(data.size) else (data.size, 1)
        else:
            rows, width = shape[0], data.size // shape[0]
        _check_width(width)
        return code, rows, width

    def _table(self, data: Any) -> list[Any]:
        """Rows of cells."""
        if not isinstance(data, list | tuple):
            return [[data]]
        if data and isinstance(data[0], list | tuple):
            return [row if isinstance(row, list) else list(row) if isinstance(row, tuple) else [row] for row in data]
        return [list(data)] if self._is_row(len(data)) and data else [[value] for value in data]

    def _is_row(self, count: int) -> bool:
        if self.feature_names is None:
            return self.designation == "inputs"
        return len(self.feature_names) > 1 and len(self.feature_names) == count

    def _names(self, width: int) -> list[str]:
        held = (self.feature_names or [])[:width]
        return [*held, *(str(at) for at in range(len(held), width))]

    def _print(self, data: Any, correlation: str) -> dict[str, str]:
        """Azure's way to try a script: the rows on standard output."""
        form, _ = self._form(data)
        stamp = _iso(time.time_ns() // 1000)
        print(f"{self.model_name},{self.model_version},{self.designation},{correlation},{stamp},{_shown(form)}")
        return {CORRELATION: correlation, TIMESTAMP: stamp} if self.designation == "inputs" else {}


@cache
def _say_off(is_on: bool) -> None:
    """Once in a process."""
    if is_on:
        print("ModelDataCollector collects nothing here: data is collected by a service that serves an entry script.")
    else:
        print(
            "ModelDataCollector collects nothing: data collection is off. Deploy with collect_model_data=True, or set "
            f"{ENABLED}=true."
        )


def _served_version(model_name: str) -> str:
    """The version of a model that the service serves, from the folders below ``AZUREML_MODEL_DIR``."""
    folder = Path(os.environ.get(contract.MODEL_DIR) or "/nowhere")
    if folder.parent.name == model_name:
        return folder.name
    if (folder / model_name).is_dir():
        versions = [each.name for each in (folder / model_name).iterdir()]
        if len(versions) == 1:
            return versions[0]
    return "default"


def _is_array(data: Any) -> bool:
    return hasattr(data, "dtype") and hasattr(data, "tobytes") and hasattr(data, "shape")


def _is_frame(data: Any) -> bool:
    return hasattr(data, "columns") and hasattr(data, "dtypes") and hasattr(data, "iloc")


def _frame(frame: Any) -> tuple[Any, int]:
    names = [str(name) for name in frame.columns]
    _check_width(len(names))
    rows = len(frame)
    columns = [(name, _series(frame.iloc[:, at], rows)) for at, name in enumerate(names)]
    return ("columns", columns), rows if columns else 0


def _series(series: Any, rows: int) -> Any:
    kind = getattr(series.dtype, "str", "")
    if kind[1:] in NUMBERS and kind[0] in ("|", "<" if sys.byteorder == "little" else ">"):
        return ("array", kind[1:], rows, 1, series.to_numpy().tobytes())
    # In a column that is not of numbers, pandas writes NaN where nothing is.
    return ("rows", [[None if type(value) is float and value != value else _cell(value)] for value in series.tolist()])


def _columns(held: Mapping[str, Any]) -> tuple[Any, int]:
    """One row of plain values, or columns of equally many."""
    _check_width(len(held))
    lists = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in held.items()}
    sizes = {len(value) for value in lists.values() if isinstance(value, list | tuple)}
    if len(sizes) == 1 and all(isinstance(value, list | tuple) for value in lists.values()):
        (rows,) = sizes
        return ("columns", [(n, ("rows", [[_cell(each)] for each in value])) for n, value in lists.items()]), rows
    return ("columns", [(name, ("rows", [[_cell(value)]])) for name, value in lists.items()]), 1 if lists else 0


def _check_width(width: int) -> None:
    if width > MOST_COLUMNS:
        raise Uncollectable(f"a row has {width} values, and no more than {MOST_COLUMNS} are kept")


def _is_numeric(row: Sequence[Any]) -> bool:
    """Whether all cells are Python's own numbers: the sum of others is of another type, or there is none."""
    try:
        return type(sum(row)) in (int, float)
    except TypeError:
        return False


def _cell(value: Any) -> Any:
    """A value that ``marshal`` knows: numbers, text, None, and lists and mappings of them."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return {str(name): _cell(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cell(each) for each in value]
    if hasattr(value, "tolist"):  # scalars and arrays of numpy
        plain = value.tolist()
        return str(value) if type(plain) is type(value) else _cell(plain)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return None if type(value).__name__ in ("NAType", "NaTType") else str(value)


def _iso(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1e6, timezone.utc).isoformat(timespec="microseconds")


def _shown(form: Any) -> str:
    if form[0] == "columns":
        return ";".join(f"{name}={_shown(part)}" for name, part in form[1])
    if form[0] == "array":
        data: Any = memoryview(form[4])
        return ",".join(map(str, data.cast(NUMBERS[form[1]])))
    return ",".join(str(cell) for row in form[1] for cell in row)
