"""Step 0002: runs are found by the value of a tag or a parameter without looking at every run."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = ("run_tags", "params")


def upgrade() -> None:
    for table in _TABLES:
        op.create_index(f"ix_{table}_value", table, ["key", text("substr(value, 1, 64)"), "run_pk"])


def downgrade() -> None:
    for table in _TABLES:
        op.drop_index(f"ix_{table}_value", table)
