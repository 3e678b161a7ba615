"""A run is seen while it goes on: its points, its log, its state."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.browser import Studio, Workspace, signed_in, until
from tests.server_process import ServerProcess
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.workspace import Workspace as SdkWorkspace

Report = Callable[[str, object], None]
# The promise is one second on an idle machine; this is what a busy one may need.
BUSY_SECONDS = 10.0


def chart(studio: Studio, name: str) -> Locator:
    return studio.page.locator(f'figure[data-metric="{name}"]')


def drawn(studio: Studio, name: str) -> tuple[int, float]:
    """How many points the chart shows, and the value of the last."""
    box = chart(studio, name)
    return int(box.get_attribute("data-points") or 0), float(box.get_attribute("data-last-value") or "nan")


def test_a_point_is_on_the_chart_right_after_run_log(
    server: ServerProcess, studio: Studio, record_property: Report
) -> None:
    assert server.token  # the SDK finds this server by its home
    workspace = SdkWorkspace("sub", "group", studio.workspace.name)
    run = Experiment(workspace, "live").start_logging(snapshot_directory=None, outputs=None)
    run.log("loss", 1.0)
    run.log("loss", 0.9)
    run.flush()
    studio.open(f"/runs/{run.id}?tab=metrics")
    until(lambda: drawn(studio, "loss")[0] == 2 or None)
    seen = []
    for value in (0.8, 0.7, 0.6, 0.5, 0.4):
        logged = time.monotonic()
        run.log("loss", value)
        until(lambda value=value: drawn(studio, "loss")[1] == value or None, BUSY_SECONDS)  # type: ignore[misc]
        seen.append(time.monotonic() - logged)
    run.complete()
    record_property("seconds_from_log_to_chart", sorted(round(one, 3) for one in seen))
    print(f"from run.log to the chart: {sorted(round(one, 3) for one in seen)} s")
    assert chart(studio, "loss").get_attribute("aria-label") == "loss: 7 points, latest 0.4 at step 6"
    expect(studio.page.locator("header [data-state]")).to_have_text("Completed")


def test_a_new_metric_and_a_single_number_appear(workspace: Workspace, studio: Studio) -> None:
    run = workspace.run()
    studio.open(f"/runs/{run}?tab=metrics")
    expect(studio.page.get_by_text("No metrics")).to_be_visible()
    workspace.log(run, "accuracy", 0.75)
    expect(studio.page.locator('[data-metric="accuracy"]')).to_contain_text("0.75")
    workspace.log(run, "accuracy", 0.85, first_step=1)
    until(lambda: drawn(studio, "accuracy") == (2, 0.85) or None if chart(studio, "accuracy").count() else None)


def test_a_log_grows_and_stops_being_followed_when_scrolled(workspace: Workspace, studio: Studio) -> None:
    run = workspace.run()
    path = "azureml-logs/70_driver_log.txt"
    first = "".join(f"line {i}\n" for i in range(200)).encode()
    workspace.send(f"/runs/{run}/artifacts/{path}", first, "PATCH", offset=0)
    studio.open(f"/runs/{run}?tab=files")
    log = studio.page.get_by_role("log")
    expect(log.get_by_text("line 199", exact=True)).to_be_visible()
    sent = time.monotonic()
    workspace.send(f"/runs/{run}/artifacts/{path}", b"the newest line\n", "PATCH", offset=len(first))
    expect(log.get_by_text("the newest line")).to_be_visible()
    print(f"from the log's end to the page: {time.monotonic() - sent:.2f} s")
    log.hover()
    studio.page.mouse.wheel(0, -2000)
    expect(studio.page.get_by_role("button", name="Follow the end")).to_be_visible()
    workspace.send(f"/runs/{run}/artifacts/{path}", b"unseen\n", "PATCH", offset=len(first) + 16)
    until(lambda: studio.page.locator("[data-lines='202']").count() or None)
    expect(log.get_by_text("unseen")).to_have_count(0)
    studio.page.get_by_role("button", name="Follow the end").click()
    expect(log.get_by_text("unseen")).to_be_visible()


def test_a_log_is_searched(workspace: Workspace, studio: Studio) -> None:
    run = workspace.run()
    text = "".join(f"epoch {i}: {'NaN' if i in (30, 170) else 'fine'}\n" for i in range(200)).encode()
    workspace.send(f"/runs/{run}/artifacts/logs/train.log", text)
    studio.open(f"/runs/{run}?tab=files&path=logs/train.log")
    box = studio.page.get_by_label("Search the log")
    box.fill("nan")
    expect(studio.page.get_by_role("status")).to_have_text("1 of 2 lines")
    box.press("Enter")
    expect(studio.page.get_by_role("status")).to_have_text("2 of 2 lines")
    expect(studio.page.get_by_text("epoch 170")).to_be_visible()


def test_a_run_is_canceled_from_its_page(workspace: Workspace, studio: Studio) -> None:
    run = workspace.run()
    studio.open(f"/runs/{run}")
    studio.page.get_by_role("button", name="Cancel", exact=True).click()
    expect(studio.page.locator("header [data-state]")).not_to_have_text("Running")
    assert workspace.call("GET", f"/runs/{run}")["status"] in ("CancelRequested", "Canceled")


def test_the_list_of_runs_follows(workspace: Workspace, studio: Studio) -> None:
    studio.open("/runs")
    expect(studio.page.get_by_text("No runs yet")).to_be_visible()
    run = workspace.run(display_name="newcomer")
    row = studio.page.get_by_role("row", name="newcomer")
    expect(row).to_contain_text("Running")
    workspace.call("PATCH", f"/runs/{run}", {"status": "Completed"})
    expect(row).to_contain_text("Completed")


def test_a_page_says_when_the_server_is_gone_and_catches_up(browser: Browser, own_server: ServerProcess) -> None:
    workspace = Workspace(own_server.url, own_server.token, "default")
    run = workspace.run()
    workspace.log(run, "loss", 1.0, 0.9)
    with signed_in(browser, workspace) as studio:
        studio.open(f"/runs/{run}?tab=metrics")
        until(lambda: drawn(studio, "loss") == (2, 0.9) or None)
        own_server.kill()
        expect(studio.page.get_by_text("The server does not answer")).to_be_visible(timeout=30_000)
        own_server.start()
        expect(studio.page.get_by_text("The server does not answer")).to_have_count(0, timeout=30_000)
        workspace.log(run, "loss", 0.8, first_step=2)
        until(lambda: drawn(studio, "loss") == (3, 0.8) or None)
    workspace.close()


@pytest.mark.parametrize("total", [5000])
def test_a_long_series_says_that_it_is_thinned(workspace: Workspace, studio: Studio, total: int) -> None:
    run = workspace.run()
    workspace.log(run, "loss", *[1 / (i + 1) for i in range(total)])
    studio.open(f"/runs/{run}?tab=metrics")
    expect(chart(studio, "loss")).to_contain_text(f"Min–max of {total:,} points")
