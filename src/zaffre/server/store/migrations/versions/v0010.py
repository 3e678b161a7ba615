"""Step 0010: where the time of building an environment went."""

from __future__ import annotations

from alembic import op

from zaffre.server.store.migrations.tables_0010 import environment_builds, metadata

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=[environment_builds])


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), tables=[environment_builds])
