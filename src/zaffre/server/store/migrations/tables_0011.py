"""The keys of services, as step 0011 makes the table. Frozen: changes are later steps."""

from __future__ import annotations

from sqlalchemy import MetaData, Table

from zaffre.server.store.migrations.tables_0001 import metadata as first
from zaffre.server.store.migrations.tables_0001.columns import number, owner, text

metadata = MetaData(naming_convention=first.naming_convention)
for _name in ("workspaces", "services"):  # to which the table refers
    first.tables[_name].to_metadata(metadata)

service_keys = Table(
    "service_keys",
    metadata,
    owner("service_pk", "services.pk", primary_key=True),
    number("enabled", default=1),
    text("primary_key", default=None),
    text("secondary_key", default=None),
    number("changed_at"),
)
