"""Stretches of services in both kinds of database: replaced, read, added up, forgotten."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection

from zaffre.core.latency import Histogram
from zaffre.core.telemetry_wire import TelemetrySample
from zaffre.server.store import service_telemetry, services, workspaces
from zaffre.server.store.engine import Store
from zaffre.server.store.service_telemetry import TOTAL, Stretch

ROW = {"compute_type": "Local", "state": "running", "created_at": 5, "updated_at": 5}
SLOT = 10_000


def sample(start: int, *times: float) -> TelemetrySample:
    held = Histogram()
    for time in times:
        held.observe(time)
    return TelemetrySample(
        start=start,
        until=start + SLOT,
        statuses={"200": len(times)},
        latency=held.pairs(),
        answer_seconds=sum(times),
        cpu_seconds=0.5,
        memory_bytes=100,
        workers=3,
    )


def stretches(connection: Connection, ws: str = "default", until: int = 10**12) -> list[Stretch]:
    return service_telemetry.read(connection, ws, ["svc"], 0, until)


def test_stretches_are_replaced_added_up_and_forgotten(store: Store) -> None:
    store.write(lambda connection: workspaces.create(connection, "other"))
    for ws in ("default", "other"):
        store.write(partial(services.put, ws=ws, name="svc", values=ROW))
    told = [Stretch(10, revision, f"s{revision}", sample(at * SLOT, 0.1)) for at in range(12) for revision in (1, 2)]
    for _ in range(2):
        store.write(lambda connection: service_telemetry.put(connection, "default", "svc", told))
    store.write(lambda connection: service_telemetry.put(connection, "other", "svc", told[:1]))
    assert store.read(stretches) == sorted(told, key=lambda one: (one.sample.start, one.revision))
    assert len(store.read(partial(stretches, until=SLOT))) == 2
    # six of each revision in each of two minutes, in two steps that divide a minute
    for rows in (7, 17, 1, 0):
        done = store.write(lambda c, rows=rows: service_telemetry.coarsen(c, 10, 60, 120_000, rows or 1))  # type: ignore[misc]
        assert done == rows
    found = store.read(stretches)
    assert [(one.seconds, one.revision, one.sample.start) for one in found] == [
        (60, 1, 0),
        (60, 2, 0),
        (60, 1, 60_000),
        (60, 2, 60_000),
    ]
    assert [one.sample.statuses for one in found] == [{"200": 6}] * 4
    assert found[0].sample.until == 60_000
    assert (found[0].sample.memory_bytes, found[0].sample.workers) == (100, 3)
    assert found[0].sample.cpu_seconds == 3.0
    assert [one.seconds for one in store.read(partial(stretches, ws="other"))] == [60]
    store.write(lambda connection: service_telemetry.forget(connection, 60, 60_000))
    assert [one.sample.start for one in store.read(stretches)] == [60_000, 60_000]
    store.write(lambda connection: services.remove(connection, "default", "svc"))
    store.write(lambda connection: services.put(connection, "default", "svc", ROW))
    assert store.read(stretches) == []


def test_totals_are_of_services_that_are_there_and_add_up(store: Store) -> None:
    store.write(lambda connection: services.put(connection, "default", "svc", ROW))
    totals = [Stretch(TOTAL, 1, f"s{number}", sample(10 + number, 0.1)) for number in range(3)]
    of_before = Stretch(TOTAL, 1, "before", sample(1, 0.1))
    store.write(lambda connection: service_telemetry.put(connection, "default", "svc", [*totals, of_before]))
    for _ in range(2):
        [total] = store.read(lambda connection: service_telemetry.totals(connection, None))
        assert (total.workspace, total.name, total.sample.statuses) == ("default", "svc", {"200": 3})
        store.write(lambda connection: service_telemetry.settle_totals(connection, 20_000))
    assert store.read(lambda connection: service_telemetry.totals(connection, "other")) == []
    assert store.read(stretches) == []
