"""What services answered and used, in stretches that grow with their age."""

from __future__ import annotations

from sqlalchemy import Index, Table

from zaffre.server.store.schema.columns import json, metadata, number, owner, text

service_telemetry = Table(
    "service_telemetry",
    metadata,
    owner("service_pk", "services.pk", primary_key=True),
    number("seconds", primary_key=True),  # the length of the stretch; 0: since the process began
    number("start", primary_key=True),
    number("revision", primary_key=True),
    text("source", primary_key=True),  # the serving process; empty where several were added up
    number("until"),
    json("sample"),  # the rest of core.telemetry_wire.TelemetrySample
    Index("ix_service_telemetry_age", "seconds", "start"),
)
