"""Take the README's screenshots: a private server, real runs and a real service, a real browser.

python -m scripts.screenshots [--to docs/images]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from scripts.screenshots_workspace import Shown, furnish, use
from tests.e2e.browser import Studio, Workspace, launch, signed_in
from tests.server_process import ServerProcess

ROOT = Path(__file__).resolve().parent.parent
WIDE = (1440, 900)
NARROW = (390, 844)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images")
    folder: Path = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="zaffre-screenshots-") as home:
        server = ServerProcess(Path(home)).start()
        try:
            use(server.home)
            take_all(server, furnish(), folder)
        finally:
            server.stop()
    return 0


def take_all(server: ServerProcess, shown: Shown, folder: Path) -> None:
    workspace = Workspace(server.url, server.token, "default")
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            for scheme in ("light", "dark"):
                wide(browser, workspace, shown, scheme, folder)
                narrow(browser, workspace, shown, scheme, folder)
            browser.close()
    finally:
        workspace.close()
        shown.live.cancel()
        shown.live.wait_for_completion(raise_on_error=False)
        shown.service.delete()


def wide(browser: Browser, workspace: Workspace, shown: Shown, scheme: str, folder: Path) -> None:
    with signed_in(browser, workspace, WIDE, color_scheme=scheme) as studio:
        take(studio, "", folder / f"home-{scheme}.png")
        take(studio, "/experiments/digits", folder / f"runs-{scheme}.png", columns)
        take(studio, f"/runs/{shown.live.id}?tab=metrics", folder / f"metrics-{scheme}.png")
        take(studio, f"/runs/{shown.live.id}?tab=files", folder / f"logs-{scheme}.png")
        take(studio, f"/runs/{shown.best.id}", folder / f"run-{scheme}.png")
        take(studio, f"/runs/{shown.failed.id}", folder / f"failed-{scheme}.png")
        ids = ",".join(run.id for run in shown.others[:4])
        take(studio, f"/compare?runs={ids}", folder / f"compare-{scheme}.png", to_charts)
        take(studio, "/models/digits", folder / f"model-{scheme}.png")
        tested = folder / f"endpoint-{scheme}.png"
        take(studio, "/endpoints/digits-service", tested, lambda page: test(page, shown.body))


def narrow(browser: Browser, workspace: Workspace, shown: Shown, scheme: str, folder: Path) -> None:
    with signed_in(browser, workspace, NARROW, color_scheme=scheme, device_scale_factor=2) as studio:
        take(studio, "/runs", folder / f"phone-runs-{scheme}.png")
        take(studio, f"/runs/{shown.live.id}?tab=metrics", folder / f"phone-metrics-{scheme}.png")


def take(studio: Studio, path: str, file: Path, prepare: Callable[[Page], None] | None = None) -> None:
    studio.open(path)
    if prepare is not None:
        prepare(studio.page)
    time.sleep(1)  # charts draw, images appear
    studio.page.screenshot(path=str(file))
    print(file)


def columns(page: Page) -> None:
    """Show what the runs differ in."""
    page.get_by_role("button", name="Edit columns").click()
    dialog = page.get_by_role("dialog")
    for name in ("final accuracy", "test/loss"):
        dialog.get_by_label(name, exact=True).set_checked(True)
    dialog.get_by_role("button", name="Done").click()


def to_charts(page: Page) -> None:
    page.get_by_role("heading", name="Metrics", exact=True).scroll_into_view_if_needed()
    page.locator("figure").first.scroll_into_view_if_needed()
    page.mouse.move(800, 500)
    page.mouse.wheel(0, 500)


def test(page: Page, body: str) -> None:
    page.get_by_role("tab", name="Test").click()
    page.get_by_label("Body").fill(body)
    page.get_by_role("button", name="Test").click()
    page.get_by_label("Response body").wait_for()


if __name__ == "__main__":
    raise SystemExit(main())
