"""Which runs have a parameter or tag of a value, as step 0008 makes the table. Frozen: changes are later steps."""

from __future__ import annotations

from sqlalchemy import MetaData, Table

from zaffre.server.store.migrations.tables_0001 import metadata as first
from zaffre.server.store.migrations.tables_0001.columns import blob, number, owner, text

metadata = MetaData(naming_convention=first.naming_convention)
for _name in ("workspaces", "experiments"):  # to which the table refers
    first.tables[_name].to_metadata(metadata)

run_sets = Table(
    "run_sets",
    metadata,
    owner("experiment_id", "experiments.id", primary_key=True),
    text("pair", primary_key=True),
    number("block", primary_key=True),
    blob("members"),
    sqlite_with_rowid=False,
)
