"""The keys of services that ask for one."""

from __future__ import annotations

from sqlalchemy import Table

from zaffre.server.store.schema.columns import metadata, number, owner, text

service_keys = Table(
    "service_keys",
    metadata,
    owner("service_pk", "services.pk", primary_key=True),
    number("enabled", default=1),  # 1: who sends a key may call, 2: who sends a token; 0: anyone. The keys are kept
    text("primary_key", default=None),  # as they are: their owner may see them again
    text("secondary_key", default=None),
    number("changed_at"),
)
