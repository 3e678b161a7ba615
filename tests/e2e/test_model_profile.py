"""What was measured of a model version, on its page: how to begin, one that goes on, its figures, one that failed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.accessibility import clipped, findings
from tests.e2e.browser import NARROW, PATIENCE_SECONDS, Studio, Workspace

PATIENCE_MS = PATIENCE_SECONDS * 1000

FIGURES = {
    "recommended_cpu_cores": 0.5,
    "recommended_memory_gb": 0.75,
    "latency_p50_ms": 4.1234,
    "latency_p99_ms": 12.9,
    "requests_per_second": 187.04,
    "success_percent": 99.5,
    "cpu_cores": 0.433,
    "memory_peak_gb": 0.512,
}


@pytest.fixture(autouse=True)
def model(workspace: Workspace) -> str:
    """A registered model with one version."""
    run = workspace.run("training")
    workspace.send(f"/runs/{run}/artifacts/outputs/model.pkl", bytes(100))
    workspace.call("POST", "/models", {"name": "digits", "run_id": run, "run_path": "outputs/model.pkl"})
    return "digits:1"


def begin(workspace: Workspace, name: str) -> str:
    """The run of a profile that is being made."""
    return workspace.run("profiles", display_name=name, tags={"zaffre.profiled": ",digits:1,"})


def panel(studio: Studio) -> Locator:
    return studio.page.get_by_role("region", name="Profile")


def test_without_a_profile_the_page_says_how_to_make_one(studio: Studio) -> None:
    studio.open("/models/digits")
    expect(panel(studio)).to_contain_text("have not been measured")
    expect(panel(studio).locator("pre")).to_contain_text("zaffre model profile digits:1")


def test_a_profile_that_goes_on_becomes_its_figures(workspace: Workspace, studio: Studio) -> None:
    run = begin(workspace, "on-a-laptop")
    workspace.log(run, "progress_percent", 40)
    studio.open("/models/digits")
    expect(panel(studio)).to_contain_text("40 %")
    for name, value in FIGURES.items():
        workspace.log(run, name, value)
    workspace.call("PATCH", f"/runs/{run}", {"status": "Completed"})
    expect(panel(studio)).to_contain_text("0.5 cores, 0.75 GB", timeout=PATIENCE_MS)
    for text in ("4.12 ms", "12.9 ms", "187 requests/s", "99.5 %", "0.433 cores", "0.512 GB at most"):
        expect(panel(studio)).to_contain_text(text)
    panel(studio).get_by_role("link", name="on-a-laptop").click()
    expect(studio.page.locator("h1")).to_have_text("on-a-laptop")


def test_a_profile_that_failed_says_why_and_fits_a_narrow_window(workspace: Workspace, studio: Studio) -> None:
    run = begin(workspace, "too-small-with-a-name-that-is-longer-than-a-narrow-window-is-wide")
    error = {"code": "UserError", "message": "Every request was refused: no number below 0\nTraceback ..."}
    workspace.call("PATCH", f"/runs/{run}", {"status": "Failed", "error": error})
    studio.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    studio.open("/models/digits")
    expect(panel(studio)).to_contain_text("Every request was refused: no number below 0")
    expect(panel(studio)).not_to_contain_text("Traceback")
    assert studio.overflow() == 0
    assert [*findings(studio.page), *clipped(studio.page)] == []
