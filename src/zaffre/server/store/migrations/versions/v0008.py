"""Step 0008: searches begin with sets of runs, those that have a parameter or tag of the same value."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Connection, func, insert, select, text

from zaffre.server.store.migrations.tables_0001 import metadata as first
from zaffre.server.store.migrations.tables_0008 import metadata, run_sets
from zaffre.server.store.run_sets import BLOCK, pack, pair_of

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLES = ("run_tags", "params")


def upgrade() -> None:
    for table in _TABLES:
        op.drop_index(f"ix_{table}_value", table)
    connection = op.get_bind()
    metadata.create_all(connection, tables=[run_sets])
    last = connection.execute(select(func.max(first.tables["runs"].c.pk))).scalar() or 0
    for block in range(last // BLOCK + 1):
        _fill(connection, block)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), tables=[run_sets])
    for table in _TABLES:
        op.create_index(f"ix_{table}_value", table, ["key", text("substr(value, 1, 64)"), "run_pk"])


def _fill(connection: Connection, block: int) -> None:
    """The sets of one block of runs: so many are held in memory, however many runs there are."""
    runs = first.tables["runs"]
    found: dict[tuple[int, str], int] = {}
    for name in _TABLES:
        table = first.tables[name]
        kept = select(runs.c.experiment_id, table.c.run_pk, table.c.key, table.c.value)
        kept = kept.join(table, table.c.run_pk == runs.c.pk)
        kept = kept.where(runs.c.pk >= block * BLOCK, runs.c.pk < (block + 1) * BLOCK)
        for experiment, run, key, value in connection.execute(kept):
            of = (experiment, pair_of(name, key, value))
            found[of] = found.get(of, 0) | 1 << run % BLOCK
    rows = [
        {"experiment_id": experiment, "pair": pair, "block": block, "members": pack(bits)}
        for (experiment, pair), bits in sorted(found.items())
    ]
    if rows:
        connection.execute(insert(run_sets), rows)
