"""Step 0013: endpoints have versions that share their traffic, and services may ask for a token."""

from __future__ import annotations

from alembic import op

from zaffre.server.store.migrations.tables_0013 import endpoint_versions, endpoints, metadata, service_tokens

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLES = [endpoints, endpoint_versions, service_tokens]


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=_TABLES)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), tables=_TABLES)
