"""Who may see the Studio, and how a browser becomes known."""

from __future__ import annotations

from uuid import uuid4

from playwright.sync_api import Browser, expect

from tests.e2e.browser import Studio, Workspace, signed_in
from zaffre.core.entities import User
from zaffre.core.wire import UserCreate
from zaffre.sdk.client import Client


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


def test_a_user_signs_in_with_a_password_and_out_again(browser: Browser, workspace: Workspace) -> None:
    name = f"u-{uuid4().hex[:8]}"
    body = UserCreate(name=name, password="correct horse")
    Client(workspace.url, workspace.token).post("/api/v1/users", User, body)
    profile = browser.new_context()
    page = profile.new_page()
    page.goto(f"{workspace.url}/ws/{workspace.name}")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("The user name or the password is not right")).to_be_visible()
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Recent runs")).to_be_visible()
    page.get_by_role("button", name="Account").click()
    expect(page.get_by_text(f"{name} (user)")).to_be_visible()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Zaffre Studio")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in to Zaffre Studio")).to_be_visible()
    profile.close()
