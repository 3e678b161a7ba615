"""Alembic's entry: runs the steps on the connection that ``store.migrate`` hands over."""

from __future__ import annotations

from alembic import context

from zaffre.server.store.schema import metadata


def run() -> None:
    context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
    # The caller holds the transaction: all steps together, or none.
    context.run_migrations()


run()
