"""Step 0011: services may ask for a key."""

from __future__ import annotations

from alembic import op

from zaffre.server.store.migrations.tables_0011 import metadata, service_keys

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=[service_keys])


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), tables=[service_keys])
