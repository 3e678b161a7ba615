"""Fixtures of the store's tests: real databases, of every kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from zaffre.server.store import workspaces
from zaffre.server.store.engine import Store


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """An open store with the workspace "default"."""
    with Store.open(database) as opened:
        opened.write(lambda connection: workspaces.create(connection, "default"))
        yield opened
