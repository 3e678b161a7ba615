"""Step 0005: long metrics in outline. Those that are there already get theirs as they grow."""

from __future__ import annotations

from alembic import op

from zaffre.server.store.migrations.tables_0005 import metadata, metric_summaries

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=[metric_summaries])


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), tables=[metric_summaries])
