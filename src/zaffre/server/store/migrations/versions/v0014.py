"""Step 0014: what services answer and use is kept over time."""

from __future__ import annotations

from alembic import op

from zaffre.server.store.migrations.tables_0014 import metadata, service_telemetry

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=[service_telemetry])


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), tables=[service_telemetry])
