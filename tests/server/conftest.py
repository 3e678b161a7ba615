"""The real application in this process, with a private home, for the tests of every room of the server."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.server.rest import Rest, serve


@pytest.fixture(scope="module")
def module_rest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    home = tmp_path_factory.mktemp("zaffre") / "home"
    with serve(home) as http:
        yield Rest(http, home)


@pytest.fixture
def rest(module_rest: Rest) -> Rest:
    """The module's server, in a workspace of this test alone."""
    mine = Rest(module_rest.http, module_rest.home, f"ws-{uuid4().hex[:12]}")
    mine.get("", create=True)
    return mine
