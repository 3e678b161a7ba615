"""Samples of services: rows by service, length of the stretch, its start, revision and process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, select, tuple_, update

from zaffre.core.codec import convert, to_plain
from zaffre.core.latency import Histogram
from zaffre.core.names import endpoint_of
from zaffre.core.telemetry_wire import TelemetrySample
from zaffre.server.store import dialect
from zaffre.server.store.metrics import parts
from zaffre.server.store.schema import service_telemetry as table
from zaffre.server.store.schema import services, workspaces
from zaffre.server.store.workspaces import key_of

TOTAL = 0  # as a length: since the process began
_KEYS = ("service_pk", "seconds", "start", "revision", "source")


@dataclass(frozen=True, slots=True)
class Stretch:
    seconds: int
    revision: int
    source: str
    sample: TelemetrySample


@dataclass(frozen=True, slots=True)
class ServiceTotal:
    """All that is known to have been answered by a service."""

    workspace: str
    name: str
    sample: TelemetrySample


def put(connection: Connection, ws: str, name: str, stretches: Iterable[Stretch]) -> None:
    """Keep the stretches of a service that is there, in the place of what was told of them before."""
    pk = connection.execute(
        select(services.c.pk).where(services.c.workspace_pk == key_of(connection, ws), services.c.name == name)
    ).scalar_one()
    dialect.put(connection, table, _KEYS, [_row(pk, one) for one in stretches])


def read(
    connection: Connection, ws: str, names: Sequence[str], since: int, until: int, revision: int | None = None
) -> list[Stretch]:
    """The stretches of some services that begin from ``since`` to before ``until``, the oldest first."""
    query = select(table).join(services, services.c.pk == table.c.service_pk)
    query = query.where(services.c.workspace_pk == key_of(connection, ws), services.c.name.in_(names))
    query = query.where(table.c.seconds > TOTAL, table.c.start >= since, table.c.start < until)
    query = query.where(table.c.until >= services.c.created_at)  # not of another one that had this name
    if revision is not None:
        query = query.where(table.c.revision == revision)
    return [_stretch(row) for row in connection.execute(query.order_by(table.c.start))]


def answering(connection: Connection, ws: str, endpoint: str) -> list[str]:
    """The services that an endpoint shows the sum of: its versions, those that are being deleted too, and itself, which
    has what the deleted ones answered."""
    query = select(services.c.name).where(services.c.workspace_pk == key_of(connection, ws))
    versions = connection.execute(query.where(services.c.name.startswith(f"{endpoint}.", autoescape=True))).scalars()
    return [endpoint, *versions]


def pass_on(connection: Connection, ws: str, name: str) -> None:
    """Give what a version answered to its endpoint, because its row goes or begins anew. Nothing for other services."""
    endpoint = endpoint_of(name)
    query = select(services.c.name, services.c.pk, services.c.created_at)
    query = query.where(services.c.workspace_pk == key_of(connection, ws), services.c.name.in_((name, endpoint)))
    held = {row.name: row for row in connection.execute(query)} if endpoint is not None else {}
    if endpoint is None or len(held) < 2:
        return
    version, heir = held[name], held[endpoint]
    own = (table.c.service_pk == version.pk) & (table.c.until >= version.created_at)
    unique = f"{name}@{version.created_at}"  # of stretches that were added up: another version has some as well
    connection.execute(update(table).where(own, table.c.source == "").values(source=unique))
    # What was told once more after the row began anew is the same, or more.
    other = table.alias()
    told = select(other.c.seconds, other.c.start, other.c.revision, other.c.source).where(
        other.c.service_pk == version.pk
    )
    keys = tuple_(table.c.seconds, table.c.start, table.c.revision, table.c.source)
    connection.execute(delete(table).where(table.c.service_pk == heir.pk, keys.in_(told)))
    connection.execute(update(table).where(own).values(service_pk=heir.pk))


def totals(connection: Connection, workspace: str | None) -> list[ServiceTotal]:
    """Of every service, or those of a workspace, since it was made."""
    query: Select[Any] = (
        select(table, workspaces.c.name.label("workspace"), services.c.name)
        .join(services, services.c.pk == table.c.service_pk)
        .join(workspaces, workspaces.c.pk == services.c.workspace_pk)
        .where(table.c.seconds == TOTAL, table.c.start >= services.c.created_at)
        .order_by(workspaces.c.name, services.c.name)
    )
    if workspace is not None:
        query = query.where(workspaces.c.name == workspace)
    found: dict[tuple[str, str], list[TelemetrySample]] = {}
    for row in connection.execute(query):
        found.setdefault((row.workspace, row.name), []).append(_stretch(row).sample)
    return [ServiceTotal(*key, merged(samples)) for key, samples in found.items()]


def coarsen(connection: Connection, seconds: int, wider: int, before: int, limit: int) -> int:
    """Add up stretches of ``seconds`` that begin ``before`` a time into ones of ``wider`` seconds. Returns how many
    rows that were, at most ``limit``."""
    query = select(table).where(table.c.seconds == seconds, table.c.start < before).order_by(table.c.start)
    rows = connection.execute(query.limit(limit)).all()
    width = wider * 1000
    groups: dict[tuple[int, int, int], list[TelemetrySample]] = {}
    for row in rows:
        groups.setdefault((row.service_pk, row.start // width * width, row.revision), []).append(_stretch(row).sample)
    keys = tuple_(table.c.service_pk, table.c.start, table.c.revision)
    for some in parts(list(groups)):
        there = select(table).where(table.c.seconds == wider, table.c.source == "", keys.in_(some))
        for row in connection.execute(there):
            groups[row.service_pk, row.start, row.revision].append(_stretch(row).sample)
    _drop(connection, rows)
    made = (
        _row(pk, Stretch(wider, revision, "", replace(merged(samples), start=start)))
        for (pk, start, revision), samples in groups.items()
    )
    dialect.put(connection, table, _KEYS, list(made))
    return len(rows)


def settle_totals(connection: Connection, before: int) -> None:
    """Of each service, add up the totals of processes that were last heard of ``before`` a time."""
    made = select(services.c.created_at).where(services.c.pk == table.c.service_pk).scalar_subquery()
    connection.execute(delete(table).where(table.c.seconds == TOTAL, table.c.start < made))  # of another of its name
    ended = select(table.c.service_pk).where(table.c.seconds == TOTAL, table.c.source != "", table.c.until < before)
    query = select(table).where(table.c.seconds == TOTAL, table.c.until < before, table.c.service_pk.in_(ended))
    groups: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(query):
        groups.setdefault(row.service_pk, []).append(row)
    for pk, rows in groups.items():
        _drop(connection, rows)
        whole = merged([_stretch(row).sample for row in rows])
        dialect.put(connection, table, _KEYS, [_row(pk, Stretch(TOTAL, 0, "", whole))])


def forget(connection: Connection, seconds: int, before: int) -> None:
    """Delete stretches of ``seconds`` that begin before a time."""
    connection.execute(delete(table).where(table.c.seconds == seconds, table.c.start < before))


def merged(samples: Sequence[TelemetrySample]) -> TelemetrySample:
    """The sum of samples; ``start`` and ``until`` are the first and the last. Memory and workers are the most of any
    stretch: processes with the same one stood beside each other."""
    statuses: dict[str, int] = {}
    memory: dict[int, int] = {}
    workers: dict[int, int] = {}
    for sample in samples:
        memory[sample.start] = memory.get(sample.start, 0) + sample.memory_bytes
        workers[sample.start] = workers.get(sample.start, 0) + sample.workers
        for status, count in sample.statuses.items():
            statuses[status] = statuses.get(status, 0) + count
    latency = Histogram().merge(Histogram.from_pairs(sample.latency) for sample in samples if sample.latency)
    return TelemetrySample(
        start=min(sample.start for sample in samples),
        until=max(sample.until for sample in samples),
        statuses=statuses,
        failures=sum(sample.failures for sample in samples),
        latency=latency.pairs(),
        answer_seconds=sum(sample.answer_seconds for sample in samples),
        cpu_seconds=sum(sample.cpu_seconds for sample in samples),
        memory_bytes=max(memory.values()),
        workers=max(workers.values()),
    )


def _drop(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    keys = tuple_(*(table.c[name] for name in _KEYS))
    for some in parts([tuple(getattr(row, name) for name in _KEYS) for row in rows]):
        connection.execute(delete(table).where(keys.in_(some)))


def _row(pk: int, stretch: Stretch) -> dict[str, Any]:
    rest = to_plain(stretch.sample)
    assert isinstance(rest, dict)
    start, until = rest.pop("start"), rest.pop("until")
    return {
        "service_pk": pk,
        "seconds": stretch.seconds,
        "start": start,
        "revision": stretch.revision,
        "source": stretch.source,
        "until": until,
        "sample": rest,
    }


def _stretch(row: Row[Any]) -> Stretch:
    sample = convert({**row.sample, "start": row.start, "until": row.until}, TelemetrySample, what="a sample")
    return Stretch(row.seconds, row.revision, row.source, sample)
