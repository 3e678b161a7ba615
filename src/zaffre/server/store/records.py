"""Logged values that are not plain numbers: texts, lists, table rows, and the paths of images and charts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from zaffre.core import codec
from zaffre.core.entities import MetricRecord
from zaffre.server.store.schema import metric_records


def append(connection: Connection, run_pk: int, records: Sequence[MetricRecord]) -> None:
    """Add records in their order. One that has a step and is there already, exactly so, is a retry and not added."""
    again = _known(connection, run_pk, {record.name for record in records if record.step is not None})
    rows = [
        {
            "run_pk": run_pk,
            "name": record.name,
            "kind": record.kind,
            "value": [record.value],  # in a list, so that None is a value and not an absence
            "step": record.step,
            "timestamp": record.timestamp,
            "description": record.description,
        }
        for record in records
        if record.step is None or _identity(record) not in again
    ]
    if rows:
        connection.execute(insert(metric_records), rows)


def _known(connection: Connection, run_pk: int, names: set[str]) -> set[tuple[object, ...]]:
    return {_identity(record) for name in names for record in read(connection, run_pk, name)}


def _identity(record: MetricRecord) -> tuple[object, ...]:
    return record.name, record.kind, record.step, record.timestamp, codec.encode(record.value)


def read(connection: Connection, run_pk: int, name: str | None = None) -> list[MetricRecord]:
    """The records of a run, or those of one name, in the order of logging."""
    table = metric_records
    statement = select(table).where(table.c.run_pk == run_pk).order_by(table.c.pk)
    if name is not None:
        statement = statement.where(table.c.name == name)
    return [
        MetricRecord(
            name=row.name,
            kind=row.kind,
            value=row.value[0],
            step=row.step,
            timestamp=row.timestamp,
            description=row.description,
        )
        for row in connection.execute(statement)
    ]
