"""Step 0004: users with passwords; what tokens are for, whose they are, and when they were last used.

SQLite adds columns at the end only, so the tables of tokens and tickets are made anew. Nothing refers to their rows.
"""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import Table, insert, select

from zaffre.server.store.migrations.tables_0001 import metadata as first
from zaffre.server.store.migrations.tables_0004 import metadata, tickets, tokens, users

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kept = _rows(first.tables["tokens"])
    metadata.drop_all(op.get_bind(), tables=[first.tables["tokens"], first.tables["tickets"]])
    metadata.create_all(op.get_bind(), tables=[users, tokens, tickets])
    _fill(tokens, [{**row, "role": "admin" if row["kind"] == "admin" else "user"} for row in kept])


def downgrade() -> None:
    """Tokens of users go: an older program would take them for those of the account that runs the server."""
    kept = [row for row in _rows(tokens) if row["user_pk"] is None]
    metadata.drop_all(op.get_bind(), tables=[tokens, tickets, users])
    older = first.tables["tokens"]
    first.create_all(op.get_bind(), tables=[older, first.tables["tickets"]])
    _fill(older, [{column.name: row[column.name] for column in older.columns if column.name != "pk"} for row in kept])


def _rows(table: Table) -> list[dict[str, Any]]:
    found = op.get_bind().execute(select(table).order_by(table.c.pk)).mappings()
    return [{key: value for key, value in row.items() if key != "pk"} for row in found]


def _fill(table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        op.get_bind().execute(insert(table), rows)
