"""Long metrics in outline, as step 0005 makes the table. Frozen: what changes later is a later step."""

from __future__ import annotations

from sqlalchemy import MetaData, Table

from zaffre.server.store.migrations.tables_0001 import metadata as first
from zaffre.server.store.migrations.tables_0001.columns import blob, number, owner

metadata = MetaData(naming_convention=first.naming_convention)
for _name in ("workspaces", "experiments", "runs"):  # to which the table refers
    first.tables[_name].to_metadata(metadata)

metric_summaries = Table(
    "metric_summaries",
    metadata,
    owner("run_pk", "runs.pk", primary_key=True),
    number("ord", primary_key=True),
    number("level", primary_key=True),
    number("seq", primary_key=True),
    blob("data"),
    sqlite_with_rowid=False,
)
