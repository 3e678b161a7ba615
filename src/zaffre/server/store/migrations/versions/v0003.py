"""Step 0003: traces, their spans, and what was said about them."""

from __future__ import annotations

from alembic import op

from zaffre.server.store.migrations.tables_0003 import TABLES, metadata

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), tables=TABLES)
