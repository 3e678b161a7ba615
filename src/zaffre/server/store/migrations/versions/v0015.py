"""Step 0015: SQLite's indexes of child runs hold child runs only: making any other run writes two pages less."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_INDEXES = {"ix_runs_parent": "parent_pk", "ix_runs_root": "root_pk"}


def upgrade() -> None:
    _make(only_filled=True)


def downgrade() -> None:
    _make(only_filled=False)


def _make(*, only_filled: bool) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for name, column in _INDEXES.items():
        op.drop_index(name, "runs")
        op.create_index(name, "runs", [column], sqlite_where=text(f"{column} IS NOT NULL") if only_filled else None)
