"""Environments: what was asked, what it resolved to, and who used it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.browser import Studio, Workspace
from tests.e2e.furnishing import furnish


def test_the_packages_of_a_lock_beside_what_was_asked(workspace: Workspace, studio: Studio) -> None:
    furnish(workspace)
    page = studio.page
    studio.open("/environments/train?tab=packages")
    table = page.get_by_role("table", name="Packages")
    row = table.get_by_role("row", name="scikit-learn")
    expect(row.get_by_role("cell").nth(1)).to_have_text("1.5.0")
    expect(row.get_by_role("cell").nth(2)).to_have_text("scikit-learn")
    expect(table.get_by_role("row", name="threadpoolctl")).to_contain_text("Brought along")
    expect(table.get_by_role("row", name="tzdata")).to_contain_text("https://channel.test/forge")
    page.get_by_role("searchbox", name="Search packages").fill("numpy")
    expect(table.locator("tbody tr")).to_have_count(1)
    page.get_by_role("searchbox", name="Search packages").fill("absent")
    expect(page.get_by_text("No packages match")).to_be_visible()


def test_who_used_an_environment_and_how_it_was_prepared(workspace: Workspace, studio: Studio) -> None:
    room = furnish(workspace)
    page = studio.page
    studio.open("/environments/train")
    page.get_by_role("tab", name="Used by").click()
    row = page.get_by_role("table", name="Uses").get_by_role("row", name="logistic-regression")
    expect(row).to_contain_text("Built in 12 s")
    row.get_by_role("link", name="logistic-regression").click()
    page.get_by_role("tab", name="Environment").click()
    expect(page.get_by_text("made for another Python")).to_be_visible()
    expect(page.get_by_role("table", name="Packages")).to_contain_text("2.1.0")
    expect(page.get_by_role("link", name="train:1")).to_be_visible()
    studio.open(f"/runs/{room.live}?tab=environment")
    expect(page.get_by_text("This run was not submitted")).to_be_visible()


def test_a_version_that_nothing_used_says_how_to_see_its_packages(workspace: Workspace, studio: Studio) -> None:
    definition = {"name": "idle", "condaDependencies": {"dependencies": ["python=3.11"]}}
    workspace.call("POST", "/environments/idle", {"definition": definition})
    studio.open("/environments/idle?tab=packages")
    expect(studio.page.get_by_text("zaffre environment build idle")).to_be_visible()
