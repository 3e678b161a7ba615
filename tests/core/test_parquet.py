"""Our Parquet files, read by pyarrow and by ourselves."""

from __future__ import annotations

import contextlib
import datetime
import io
import math
import random
from array import array

import pytest
from pyarrow import parquet  # type: ignore[import-untyped]

from zaffre.core.errors import InvalidValue
from zaffre.core.parquet import columns, compact, reader, writer
from zaffre.core.parquet.columns import Column, Kind

VALUES: dict[str, list[object]] = {
    "truth": [True, None, False],
    "whole": [1, -(2**63), None],
    "number": [1, 2.5, -0.0],
    "text": ["a", "é\U0001f600", None],
    "nothing": [None, None, None],
}


def table(*made: Column) -> bytes:
    return writer.table(made, {"key": "value"})


def by_pyarrow(data: bytes) -> dict[str, list[object]]:
    found: dict[str, list[object]] = parquet.read_table(io.BytesIO(data)).to_pydict()
    return found


def test_values_of_each_kind_are_read_by_pyarrow_and_by_ourselves() -> None:
    data = table(*(columns.of_values(name, values) for name, values in VALUES.items()))

    assert by_pyarrow(data) == VALUES
    assert reader.read(data, "it").columns == VALUES
    assert parquet.read_metadata(io.BytesIO(data)).metadata[b"key"] == b"value"


def test_numbers_keep_their_width_and_times_are_utc() -> None:
    data = table(
        columns.of_numbers("small", Kind.INT32, array("i", [1, -2])),
        columns.of_numbers("single", Kind.FLOAT, array("f", [0.5, math.inf])),
        columns.of_numbers("at", Kind.TIME, array("q", [0, 1_700_000_000_123_456])),
        columns.of_one_text("same", "x", 2),
    )
    late = datetime.datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=datetime.timezone.utc)
    schema = parquet.read_schema(io.BytesIO(data))

    assert [str(field.type) for field in schema] == ["int32", "float", "timestamp[us, tz=UTC]", "string"]
    assert by_pyarrow(data)["at"][1] == late
    held = reader.read(data, "it")
    assert held.columns["at"][1] == late
    assert held.columns["same"] == ["x", "x"]
    assert (held.rows, held.columns["single"]) == (2, [0.5, math.inf])


def test_mixed_values_are_text_and_what_is_none_is_json() -> None:
    data = table(columns.of_values("a", [1, "x", [1, {"k": None}]]), columns.of_values("b", [10**400, 1, 2]))

    assert by_pyarrow(data) == {"a": ["1", "x", '[1, {"k": null}]'], "b": [str(10**400), "1", "2"]}


def test_many_rows_and_columns_are_whole() -> None:
    data = table(*(columns.of_values(str(at), [None if row % 3 else row for row in range(999)]) for at in range(40)))

    assert by_pyarrow(data) == reader.read(data, "it").columns
    assert reader.read(data, "it").rows == 999


def test_what_gzip_makes_no_smaller_is_not_packed_and_what_is_the_same_is_written_once() -> None:
    chance = random.Random(3)  # noqa: S311
    values = {
        "noise": [chance.random() for _ in range(2000)],
        "same": [0.5] * 2000,
        "some": [chance.randrange(9) / 8 for _ in range(2000)],
    }
    data = table(*(columns.of_values(name, held) for name, held in values.items()))

    assert by_pyarrow(data) == reader.read(data, "it").columns == values
    group = parquet.read_metadata(io.BytesIO(data)).row_group(0)
    assert [group.column(at).compression for at in range(3)] == ["UNCOMPRESSED", "UNCOMPRESSED", "GZIP"]
    assert "RLE_DICTIONARY" in group.column(1).encodings
    assert group.column(1).total_uncompressed_size < 100


@pytest.mark.parametrize(
    "column",
    [
        columns.of_one_text("a", "é" * 30, 1000),
        columns.of_one_text("a", "", 1000),
        columns.of_numbers("a", Kind.INT32, array("i", [-7]) * 1000),
        columns.of_numbers("a", Kind.FLOAT, array("f", [0.5]) * 20),
        columns.of_numbers("a", Kind.TIME, array("q", [1_700_000_000_123_456]) * 1000),
        columns.of_values("a", [True] * 999),
    ],
)
def test_a_column_of_one_value_is_read(column: Column) -> None:
    data = table(column)

    assert by_pyarrow(data) == reader.read(data, "it").columns
    assert by_pyarrow(b"".join(writer.pieces([column], packs=False))) == by_pyarrow(data)


@pytest.mark.parametrize("other", [2.5, None, "yy", "y", 3, True])
@pytest.mark.parametrize("at", [0, 500, 999])
def test_one_value_that_differs_is_kept(other: object, at: int) -> None:
    values: list[object] = ["x" if isinstance(other, str) else other is True or 1.5] * 1000
    values[at] = False if other is True else other
    data = table(columns.of_values("a", values))

    assert by_pyarrow(data) == reader.read(data, "it").columns == {"a": values}


def test_columns_are_stored_as_they_are_where_there_is_no_time_to_pack() -> None:
    held = [columns.of_values(str(at), [float(at + row % 5) for row in range(999)]) for at in range(20)]
    plain = b"".join(writer.pieces(held, packs=False))

    assert by_pyarrow(plain) == reader.read(plain, "it").columns == by_pyarrow(table(*held))
    assert len(plain) > 3 * len(table(*held))


@pytest.mark.parametrize("cut", [0, 3, 11, 40, -1, -5, -9])
def test_a_file_that_is_not_whole_is_refused(cut: int) -> None:
    data = table(columns.of_values("a", ["x"] * 100))

    with pytest.raises(InvalidValue, match=r"The file cannot be read as a Parquet file of collected data"):
        reader.read(data[:cut], "The file")


@pytest.mark.parametrize("at", range(4, 90, 3))
def test_a_file_with_a_wrong_byte_is_read_or_refused(at: int) -> None:
    data = bytearray(table(columns.of_values("a", [1, 2, None]), columns.of_text("b", ["x", "y", "z"])))
    data[-at] ^= 0xFF

    with contextlib.suppress(InvalidValue):  # any other exception is a fault
        assert reader.read(bytes(data), "it").rows >= 0


def test_structures_that_never_end_are_malformed() -> None:
    with pytest.raises(compact.Malformed, match="nested too deeply"):
        compact.decode(b"\x1c" * 100)
    with pytest.raises(compact.Malformed, match="cut short"):
        compact.decode(b"\x15")
    with pytest.raises(compact.Malformed, match="too long"):
        compact.decode(b"\x15" + b"\xff" * 20)
