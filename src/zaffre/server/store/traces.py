"""Traces: rows, tags, metadata, and the runs and prompts that they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, bindparam, delete, insert, select, update

from zaffre.core.errors import NotFound
from zaffre.core.traces import NAME_TAG, SOURCE_RUN, Trace
from zaffre.server.store import assessments, dialect, pairs
from zaffre.server.store.metrics import parts
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.schema import (
    experiments,
    trace_metadata,
    trace_prompts,
    trace_runs,
    trace_tags,
    traces,
    workspaces,
)

_WORKSPACE = select(workspaces.c.pk).where(workspaces.c.name == bindparam("ws")).scalar_subquery()
_key_of = Prepared(
    select(
        *(traces.c.pk, traces.c.experiment_id, traces.c.status, traces.c.start_time, traces.c.complete),
        *(traces.c.name, traces.c.request_preview, traces.c.response_preview, traces.c.total_tokens),
    ).where(traces.c.workspace_pk == _WORKSPACE, traces.c.id == bindparam("trace")),
    ("ws", "trace"),
)
_put_run = Prepared(lambda used: dialect.upsert(used, trace_runs, ("trace_pk", "run_id"), ()), ("trace_pk", "run_id"))


def _names_of(table: Table) -> Prepared:
    owner, name = table.c
    named = select(owner, name).order_by(owner, name)
    return Prepared(lambda used: named.where(dialect.among(used, owner, "traces")), ("traces",))


_runs_of = _names_of(trace_runs)
_prompts_of = _names_of(trace_prompts)


@dataclass(frozen=True, slots=True)
class TraceKey:
    """What an act must know of a trace before it writes to it."""

    pk: int
    id: str
    experiment_id: int
    status: str
    start_time: int
    complete: bool  # the client sent the trace itself
    name: str | None
    request_preview: str | None
    response_preview: str | None
    total_tokens: int | None


def find_key(connection: Connection, ws: str, trace_id: str) -> TraceKey | None:
    row = _key_of.one(connection, (ws, trace_id))
    if row is None:
        return None
    pk, experiment_id, status, start_time, complete, *rest = row
    return TraceKey(pk, trace_id, experiment_id, status, start_time, bool(complete), *rest)


def key_of(connection: Connection, ws: str, trace_id: str) -> TraceKey:
    """The trace with this id; raises ``NotFound``."""
    found = find_key(connection, ws, trace_id)
    if found is None:
        raise NotFound(f"Trace with ID '{trace_id}' is not found in workspace {ws!r}.", trace_id=trace_id)
    return found


def rows() -> Select[Any]:
    """What ``load`` takes."""
    return (
        select(traces, workspaces.c.name.label("workspace"), experiments.c.name.label("experiment_name"))
        .join(experiments, experiments.c.id == traces.c.experiment_id)
        .join(workspaces, workspaces.c.pk == traces.c.workspace_pk)
    )


def get(connection: Connection, ws: str, trace_id: str) -> Trace:
    found = of_ids(connection, ws, [trace_id])
    if not found:
        raise NotFound(f"Trace with ID '{trace_id}' is not found in workspace {ws!r}.", trace_id=trace_id)
    return found[0][1]


def of_ids(connection: Connection, ws: str, trace_ids: Sequence[str]) -> list[tuple[int, Trace]]:
    """Those of the traces that there are, in the order of ``trace_ids``, each with its row number."""
    found: dict[str, tuple[int, Trace]] = {}
    for some in parts(list(trace_ids)):
        some_rows = connection.execute(rows().where(workspaces.c.name == ws, traces.c.id.in_(some))).all()
        for row, trace in zip(some_rows, load(connection, some_rows), strict=True):
            found[trace.id] = (row.pk, trace)
    return [found[trace_id] for trace_id in dict.fromkeys(trace_ids) if trace_id in found]


def load(connection: Connection, found: Sequence[Row[Any]]) -> list[Trace]:
    pks = [int(row.pk) for row in found]
    tags = pairs.load(connection, trace_tags, pks)
    described = pairs.load(connection, trace_metadata, pks)
    run_ids = _linked(connection, _runs_of, pks)
    prompts = _linked(connection, _prompts_of, pks)
    said = assessments.of_traces(connection, {int(row.pk): row.id for row in found})
    return [
        Trace(
            id=row.id,
            workspace=row.workspace,
            experiment_id=row.experiment_id,
            experiment_name=row.experiment_name,
            status=row.status,
            start_time=row.start_time,
            duration_ms=row.duration_ms,
            name=row.name,
            client_request_id=row.client_request_id,
            request_preview=row.request_preview,
            response_preview=row.response_preview,
            run_ids=_first(described[row.pk].get(SOURCE_RUN), run_ids[row.pk]),
            prompts=prompts[row.pk],
            tags=tags[row.pk] if row.name is None else {**tags[row.pk], NAME_TAG: row.name},
            metadata=described[row.pk],
            assessments=said[row.pk],
        )
        for row in found
    ]


def _first(wanted: str | None, found: list[str]) -> list[str]:
    return sorted(found, key=lambda name: name != wanted)


def _linked(connection: Connection, of: Prepared, pks: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {pk: [] for pk in pks}
    for pk, value in of.all(connection, (dialect.many(pks),)):
        found[pk].append(value)
    return found


def add(connection: Connection, values: Mapping[str, Any]) -> int:
    return int(connection.execute(insert(traces).values(**values).returning(traces.c.pk)).scalar_one())


def change(connection: Connection, pk: int, values: Mapping[str, Any]) -> None:
    if values:
        connection.execute(update(traces).where(traces.c.pk == pk).values(**values))


def describe(connection: Connection, pk: int, values: Mapping[str, str]) -> None:
    """Add metadata; a key that is there takes the new value. The run that it names is a run of the trace."""
    pairs.put(connection, trace_metadata, pk, values)
    if values.get(SOURCE_RUN):
        link_run(connection, [pk], values[SOURCE_RUN])


def link_run(connection: Connection, pks: Iterable[int], run_id: str) -> None:
    _put_run.many(connection, [(pk, run_id) for pk in pks])


def link_prompts(connection: Connection, pk: int, prompts: Iterable[str]) -> None:
    dialect.put(
        connection, trace_prompts, ("trace_pk", "prompt"), [{"trace_pk": pk, "prompt": name} for name in prompts]
    )


def to_delete(
    connection: Connection,
    ws: str,
    experiment_id: int,
    *,
    until: int | None = None,
    ids: Sequence[str] | None = None,
    limit: int | None = None,
) -> list[tuple[int, str]]:
    """(Row number, id) of an experiment's traces that began at ``until`` or before, and are among ``ids``: the oldest
    first, ``limit`` of them.
    """
    wanted = (
        select(traces.c.pk, traces.c.id)
        .join(workspaces, workspaces.c.pk == traces.c.workspace_pk)
        .where(workspaces.c.name == ws, traces.c.experiment_id == experiment_id)
        .order_by(traces.c.start_time, traces.c.id)
        .limit(limit)
    )
    if until is not None:
        wanted = wanted.where(traces.c.start_time <= until)
    if ids is not None:
        wanted = wanted.where(traces.c.id.in_(list(ids)))
    return [(int(pk), str(trace_id)) for pk, trace_id in connection.execute(wanted)]


def remove(connection: Connection, pks: Sequence[int]) -> None:
    """Delete traces with all that belongs to them."""
    for some in parts(list(pks)):
        connection.execute(delete(traces).where(traces.c.pk.in_(some)))
