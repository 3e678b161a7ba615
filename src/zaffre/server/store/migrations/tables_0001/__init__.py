"""Every table as step 0001 makes it. Frozen: what changes later is a later step."""

from zaffre.server.store.migrations.tables_0001 import platform, registry, tracking
from zaffre.server.store.migrations.tables_0001.columns import metadata

__all__ = ["metadata", "platform", "registry", "tracking"]
