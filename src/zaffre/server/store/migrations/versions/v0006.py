"""Step 0006: webhooks, and what they are still to be sent."""

from __future__ import annotations

from alembic import op

from zaffre.server.store.migrations.tables_0006 import TABLES, metadata

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=TABLES)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), tables=TABLES)
