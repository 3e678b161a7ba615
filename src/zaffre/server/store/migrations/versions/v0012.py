"""Step 0012: users have permissions on single experiments and registered models."""

from __future__ import annotations

from alembic import op

from zaffre.server.store.migrations.tables_0012 import metadata, permissions

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=[permissions])


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), tables=[permissions])
