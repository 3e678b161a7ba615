"""Who may see the Studio, and how a browser becomes known."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.e2e.browser import Studio, Workspace, signed_in


def test_a_stranger_is_told_how_to_get_a_link(browser: Browser, workspace: Workspace) -> None:
    profile = browser.new_context()
    page = profile.new_page()
    page.goto(f"{workspace.url}/ws/{workspace.name}/runs")
    expect(page.get_by_role("heading", name="Sign in to Zaffre Studio")).to_be_visible()
    expect(page.get_by_text("zaffre up")).to_be_visible()
    expect(page.get_by_role("button", name="Copy Terminal")).to_be_visible()
    profile.close()


def test_the_link_signs_in_and_leads_to_the_workspace(browser: Browser, workspace: Workspace) -> None:
    with signed_in(browser, workspace) as studio:
        expect(studio.page.get_by_text("Recent runs")).to_be_visible()
        studio.open("")
        assert studio.heading() == workspace.name


def test_the_link_works_once(browser: Browser, workspace: Workspace) -> None:
    link = workspace.ticket()
    for profile, fine in ((browser.new_context(), True), (browser.new_context(), False)):
        page = profile.new_page()
        page.goto(link)
        page.goto(f"{workspace.url}/ws/{workspace.name}")
        expect(page.get_by_text("Recent runs")).to_be_visible(visible=fine)
        if not fine:
            page.goto(link)
            expect(page.get_by_text("That sign-in link was used already")).to_be_visible()
        profile.close()


def test_a_session_that_ends_leads_to_the_sign_in_page(studio: Studio) -> None:
    studio.open("/models")
    studio.page.context.clear_cookies()
    studio.page.get_by_role("button", name="Refresh").click()
    expect(studio.page.get_by_role("heading", name="Sign in to Zaffre Studio")).to_be_visible()
