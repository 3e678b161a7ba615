"""What services have collected of their inputs and predictions: found, read, and written as one file."""

from __future__ import annotations

import csv
import datetime
import os
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zaffre.core.collection import TIMESTAMP
from zaffre.core.collection_wire import CollectedData
from zaffre.core.errors import InvalidValue, UserErrorException
from zaffre.core.parquet import columns
from zaffre.core.parquet.columns import Column, Kind
from zaffre.core.parquet.reader import Table, read
from zaffre.core.parquet.writer import table
from zaffre.sdk.scope import Scope

if TYPE_CHECKING:
    from zaffre.sdk.workspace import Workspace

When = str | datetime.datetime | None
_MOST_FILES: Final = 100_000
_UTC: Final = datetime.timezone.utc
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=_UTC)


def find(
    scope: Scope,
    service: str,
    designation: str | None = None,
    model: str | None = None,
    since: When = None,
    until: When = None,
    limit: int = _MOST_FILES,
) -> CollectedData:
    """The files of a service, also of one that is deleted; raises ``WebserviceNotFound``."""
    wanted = {"since": _millis(moment(since)), "until": _millis(moment(until)), "limit": limit}
    route = scope.path("services", service, "data")
    return scope.client.get(route, CollectedData, designation=designation, model=model, **wanted)


def fetch(
    scope: Scope,
    service: str,
    designation: str | None = None,
    model: str | None = None,
    since: When = None,
    until: When = None,
) -> Table:
    """The rows by time; a column that some files have not is None there."""
    begin, end = moment(since), moment(until)
    found = find(scope, service, designation, model, begin, end)
    tables = [_kept(_read(scope, file.datastore, file.path), begin, end) for file in reversed(found.files)]
    names = dict.fromkeys(name for each in tables for name in each.columns)
    merged: dict[str, list[Any]] = {name: [] for name in names}
    for each in tables:
        for name, values in merged.items():
            values += each.columns.get(name) or [None] * each.rows
    return _sorted(Table(sum(each.rows for each in tables), merged))


def frame(
    workspace: Workspace,
    service: str,
    designation: str | None = None,
    model_name: str | None = None,
    since: When = None,
    until: When = None,
) -> Any:
    """The rows as a pandas ``DataFrame``, also of a service that is deleted. Times without a zone are UTC.

    Raises ``WebserviceNotFound`` where there is neither the service nor data of one, ``UserErrorException`` without
    pandas.
    """
    held = fetch(workspace._scope, service, designation, model_name, since, until)
    try:
        import pandas  # type: ignore[import-untyped]
    except ImportError as error:
        raise UserErrorException(
            "Collected data is read into a pandas frame, and this Python has no pandas: `pip install pandas`, or write "
            f"a file with `zaffre service data {service} --to data.csv`."
        ) from error
    return pandas.DataFrame(held.columns)


def write(held: Table, target: str | os.PathLike[str]) -> None:
    """One file, by its ending ``.csv`` or ``.parquet``; it is there as a whole or not at all."""
    path = Path(target)
    if path.suffix not in (".csv", ".parquet"):
        raise InvalidValue(f"{path.name} must end with .csv or .parquet, which says what is written.")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    try:
        if path.suffix == ".parquet":
            partial.write_bytes(table([_column(name, values) for name, values in held.columns.items()] or _NOTHING))
        else:
            _write_csv(held.columns, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def moment(when: When) -> datetime.datetime | None:
    """A time with its zone, UTC where none is said; raises ``InvalidValue``."""
    if isinstance(when, str):
        try:
            when = datetime.datetime.fromisoformat(when.removesuffix("Z"))
        except ValueError as error:
            raise InvalidValue(f"{when!r} is no time: write 2026-11-21 or 2026-11-21T08:30, in UTC.") from error
    return when.replace(tzinfo=_UTC) if when is not None and when.tzinfo is None else when


def _millis(when: datetime.datetime | None) -> int | None:
    return None if when is None else int(when.timestamp() * 1000)


def _read(scope: Scope, datastore: str, path: str) -> Table:
    answer = scope.client.transport.request("GET", scope.path("datastores", datastore, "files", file=path))
    return read(answer.body, f"{path} in the datastore {datastore}")


def _kept(held: Table, begin: datetime.datetime | None, end: datetime.datetime | None) -> Table:
    times = held.columns.get(TIMESTAMP, [])
    if (begin is None and end is None) or len(times) != held.rows:
        return held
    rows = [at for at, when in enumerate(times) if (begin is None or when >= begin) and (end is None or when <= end)]
    return Table(len(rows), {name: [values[at] for at in rows] for name, values in held.columns.items()})


def _sorted(held: Table) -> Table:
    times = held.columns.get(TIMESTAMP)
    if not times:
        return held
    order = sorted(range(held.rows), key=times.__getitem__)
    return Table(held.rows, {name: [values[at] for at in order] for name, values in held.columns.items()})


def _column(name: str, values: list[Any]) -> Column:
    if name == TIMESTAMP and all(isinstance(value, datetime.datetime) for value in values):
        micros = array("q", [(value - _EPOCH) // datetime.timedelta(microseconds=1) for value in values])
        return columns.of_numbers(name, Kind.TIME, micros)
    return columns.of_values(name, values)


_NOTHING: Final = [columns.of_numbers(TIMESTAMP, Kind.TIME, array("q"))]


def _write_csv(held: Mapping[str, list[Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(held)
        for row in zip(*held.values(), strict=True):
            lines.writerow([value.isoformat() if isinstance(value, datetime.datetime) else value for value in row])
