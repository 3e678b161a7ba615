"""What an endpoint answered and used, drawn on its page as it is told."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from tests.e2e.browser import Studio, Workspace
from tests.e2e.test_endpoint import deploy
from zaffre.core.latency import Histogram

SLOT = 10_000


def tell(workspace: Workspace, start: int, *times: float, **fields: object) -> None:
    """Answers in the stretch that begins at ``start``."""
    held = Histogram()
    for one in times:
        held.observe(one)
    sample = {"start": start, "until": start + SLOT, "latency": held.pairs(), "memory_bytes": 64 * 1024**2}
    sample |= {"workers": 3, **fields}
    body = {"source": "s", "revision": 1, "samples": [sample]}
    workspace.call("POST", "/services/told/telemetry", body)


def test_charts_of_an_endpoint_grow_as_it_is_called(workspace: Workspace, studio: Studio) -> None:
    deploy(workspace, "told", state="running", scoring_uri="http://127.0.0.1:9/score", port=9)
    slot = int(time.time() * 1000) // SLOT * SLOT
    studio.open("/endpoints/told?tab=metrics")
    page = studio.page
    expect(page.get_by_text("No requests in this time")).to_be_visible()
    expect(page.get_by_text("curl -X POST 'http://127.0.0.1:9/score'")).to_be_visible()
    tell(workspace, slot, 0.1, 0.1, 0.1, 0.2, statuses={"200": 2, "404": 1, "500": 1}, cpu_seconds=5)
    requests = page.locator("[data-telemetry=requests]")
    expect(requests).to_have_attribute("aria-label", "Requests, per second: all 0.4", timeout=30_000)
    expect(page.locator("[data-telemetry=errors]")).to_contain_text("4xx 0.1")
    expect(page.locator("[data-telemetry=cpu]")).to_contain_text("in use 0.5")
    expect(page.locator("[data-telemetry=memory]")).to_contain_text("64")
    expect(page.locator("[data-telemetry=workers]")).to_contain_text("can answer 3")
    latency = page.locator("[data-telemetry=latency]").get_attribute("aria-label") or ""
    assert latency.startswith(("Latency, ms: p50 99", "Latency, ms: p50 100", "Latency, ms: p50 101"))
    expect(page.get_by_text("4 requests · 2 errors")).to_be_visible()
    expect(page.locator("[data-telemetry=latency] canvas")).to_be_visible()
    tell(workspace, slot + SLOT, 0.1, statuses={"200": 1})
    page.get_by_role("combobox").click()
    page.get_by_role("option", name="1 hour").click()
    expect(page.get_by_text("5 requests · 2 errors")).to_be_visible(timeout=30_000)


def test_an_endpoint_that_keeps_nothing_says_so(workspace: Workspace, studio: Studio) -> None:
    snapshot = workspace.call("POST", "/snapshots", {"files": []})["id"]
    spec = {"entry_script": "s.py", "source_name": "s", "snapshot_id": snapshot, "environment": {}, "telemetry": False}
    workspace.call("PUT", "/services/silent", {"spec": spec})
    studio.open("/endpoints/silent?tab=metrics")
    expect(studio.page.get_by_text("enable_app_insights=False")).to_be_visible()
