"""What MLflow's client logged, seen in the Studio: images, tables, data sets, models, nested runs, traces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.accessibility import clipped, findings
from tests.e2e.browser import NARROW, WIDE, Workspace, signed_in
from tests.server_process import ServerProcess

PROGRAM = Path(__file__).with_name("logged.py")


@dataclass(frozen=True)
class Room:
    """A workspace with one of everything, and the ids of what is in it. Tests only look at it."""

    workspace: Workspace
    ids: dict[str, str]


@pytest.fixture(scope="module")
def room(shared_server: ServerProcess) -> Iterator[Room]:
    workspace = Workspace(shared_server.url, shared_server.token, f"ws-{uuid4().hex[:12]}")
    address = {
        "MLFLOW_TRACKING_URI": f"{workspace.url}/workspaces/{workspace.name}",
        "MLFLOW_TRACKING_TOKEN": workspace.token,
    }
    done = subprocess.run(
        [sys.executable, str(PROGRAM)], env={**os.environ, **address}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    yield Room(workspace, dict(json.loads(lines[-1])))
    workspace.close()


@pytest.mark.timeout(600)
def test_everything_that_mlflow_logged_is_shown(browser: Browser, room: Room) -> None:
    workspace, ids = room.workspace, room.ids
    with signed_in(browser, workspace) as studio:
        page = studio.page
        studio.open(f"/runs/{ids['run']}")
        expect(page.get_by_role("table", name="Parameters").get_by_role("rowheader", name="solver")).to_be_visible()
        page.get_by_role("button", name="hues").click()
        expect(page.get_by_role("table", name="Columns of hues").get_by_role("row")).to_have_count(3)
        page.get_by_role("button", name="Close").click()

        studio.open(f"/runs/{ids['run']}?tab=media")
        slider = page.get_by_role("slider", name="Step of samples/out")
        expect(page.get_by_text("Step 20 · 3 of 3 images")).to_be_visible()
        slider.press("ArrowLeft")
        expect(page.get_by_role("img", name="samples/out at step 10")).to_be_visible()
        table = page.get_by_role("table", name="answers.json")
        expect(table.get_by_role("row").nth(1)).to_contain_text("b")
        table.get_by_role("button", name="question").click()
        expect(table.get_by_role("row").nth(1)).to_contain_text("a")

        studio.open("/experiments/colours")
        page.get_by_role("button", name="Child runs of parent").press("ArrowRight")
        expect(page.get_by_role("link", name="fold 1")).to_be_visible()
        page.get_by_role("tab", name="Logged models").click()
        page.get_by_role("link", name="classifier").click()
        expect(page.get_by_role("table", name="Inputs").get_by_role("rowheader", name="hue")).to_be_visible()
        assert studio.problems == []


@pytest.mark.timeout(600)
def test_a_trace_is_walked_through_by_keyboard(browser: Browser, room: Room) -> None:
    workspace, ids = room.workspace, room.ids
    with signed_in(browser, workspace) as studio:
        page = studio.page
        studio.open("/experiments/colours?tab=traces")
        page.get_by_role("row").filter(has_text="Error").get_by_role("link", name="answer").click()
        expect(page).to_have_url(f"{workspace.url}/ws/{workspace.name}/traces/{ids['failed']}")
        expect(page.get_by_role("region", name="Assessments")).to_contain_text("helpful")
        spans = page.get_by_role("treeitem")
        expect(spans).to_have_count(2)
        spans.first.press("ArrowDown")
        expect(page.get_by_role("region", name="Span search")).to_contain_text("The search answered 503.")
        spans.nth(1).press("ArrowLeft")
        spans.first.press("ArrowLeft")
        expect(spans).to_have_count(1)
        assert studio.problems == []


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.timeout(600)
def test_every_page_of_what_was_logged_is_fit_to_be_seen(browser: Browser, room: Room, size: tuple[int, int]) -> None:
    workspace, ids = room.workspace, room.ids
    pages = [
        f"/runs/{ids['run']}?tab=media",
        f"/runs/{ids['run']}?tab=traces",
        f"/logged-models/{ids['model']}",
        "/experiments/colours?tab=models",
        "/experiments/colours?tab=traces",
        f"/traces/{ids['failed']}",
    ]
    wrong: dict[str, object] = {}
    for scheme in ("light", "dark"):
        with signed_in(browser, workspace, size, color_scheme=scheme) as studio:
            for path in pages:
                studio.open(path)
                trouble = [*findings(studio.page), *clipped(studio.page)]
                if over := studio.overflow():
                    trouble.append(f"runs {over} px over the edge")
                if trouble:
                    wrong[f"{scheme} {path}"] = trouble
            assert studio.problems == []
    assert wrong == {}
