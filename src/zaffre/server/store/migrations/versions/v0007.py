"""Step 0007: the locks of environments, and which run or service used which."""

from __future__ import annotations

from alembic import op

from zaffre.server.store.migrations.tables_0007 import environment_locks, environment_uses, metadata

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLES = [environment_locks, environment_uses]


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=_TABLES)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), tables=_TABLES)
