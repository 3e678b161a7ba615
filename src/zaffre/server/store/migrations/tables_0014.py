"""What services answered and used, as step 0014 makes the table. Frozen: changes are later steps."""

from __future__ import annotations

from sqlalchemy import Index, MetaData, Table

from zaffre.server.store.migrations.tables_0001 import metadata as first
from zaffre.server.store.migrations.tables_0001.columns import json, number, owner, text

metadata = MetaData(naming_convention=first.naming_convention)
for _name in ("workspaces", "services"):  # to which the table refers
    first.tables[_name].to_metadata(metadata)

service_telemetry = Table(
    "service_telemetry",
    metadata,
    owner("service_pk", "services.pk", primary_key=True),
    number("seconds", primary_key=True),
    number("start", primary_key=True),
    number("revision", primary_key=True),
    text("source", primary_key=True),
    number("until"),
    json("sample"),
    Index("ix_service_telemetry_age", "seconds", "start"),
)
