"""Where the time of building an environment went, as step 0010 makes the table. Frozen: changes are later steps."""

from __future__ import annotations

from sqlalchemy import MetaData, Table

from zaffre.server.store.migrations.tables_0001.columns import json, owner
from zaffre.server.store.migrations.tables_0007 import metadata as before

metadata = MetaData(naming_convention=before.naming_convention)
for _table in before.tables.values():  # to which the table refers
    _table.to_metadata(metadata)

environment_builds = Table(
    "environment_builds",
    metadata,
    owner("use_pk", "environment_uses.pk", primary_key=True),
    json("split"),
)
