"""Fixtures of the store's tests: real SQLite files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zaffre.server.store import workspaces
from zaffre.server.store.engine import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open store with the workspace "default"."""
    with Store.open(tmp_path / "workspace.db") as opened:
        opened.write(lambda connection: workspaces.create(connection, "default"))
        yield opened
