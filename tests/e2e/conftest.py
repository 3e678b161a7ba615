"""A real browser before a real server: each test has a workspace and a signed-in tab of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.browser import CHROMIUM, PATIENCE_SECONDS, Studio, Workspace, launch, signed_in
from tests.server_process import ServerProcess
from zaffre.server.api.studio import PACKAGED


# Closed with the file: while Playwright runs, this thread has an event loop, and no other test could start its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    assert (PACKAGED / "index.html").is_file(), "the Studio is not built; run: make studio"
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture
def workspace(shared_server: ServerProcess, workspace_name: str) -> Iterator[Workspace]:
    mine = Workspace(shared_server.url, shared_server.token, workspace_name)
    yield mine
    mine.close()


@pytest.fixture
def studio(browser: Browser, workspace: Workspace) -> Iterator[Studio]:
    """A wide window in daylight. The test fails if the page complained in its console."""
    with signed_in(browser, workspace) as tab:
        yield tab
        assert tab.problems == []
