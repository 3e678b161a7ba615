"""Who may do what with an experiment or a registered model: granted, changed and revoked on their pages."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.accessibility import clipped, findings
from tests.e2e.browser import NARROW, PATIENCE_SECONDS, Studio, Workspace, confirm, signed_in, until

PATIENCE_MS = PATIENCE_SECONDS * 1000


@pytest.fixture
def user(workspace: Workspace) -> Iterator[str]:
    """The name of a user of the server, who is a reader."""
    name = f"ada-{uuid4().hex[:8]}"
    workspace.call("POST", "//users", {"name": name, "password": "correct horse", "role": "reader"})
    yield name
    workspace.call("DELETE", f"//users/{name}")


def levels(workspace: Workspace, path: str) -> dict[str, str]:
    """What each user was given, by the names of the users."""
    found = workspace.call("GET", f"{path}/permissions")["items"]
    return {one["user"]: one["level"] for one in found}


def wait_for_levels(workspace: Workspace, path: str, expected: dict[str, str]) -> None:
    until(lambda: levels(workspace, path) == expected or None)


def test_a_permission_is_granted_changed_and_revoked(workspace: Workspace, studio: Studio, user: str) -> None:
    workspace.call("PUT", "/experiments/churn")
    page = studio.page
    studio.open("/experiments/churn")
    page.get_by_role("tab", name="Permissions").click()
    expect(page.get_by_text("Roles decide here")).to_be_visible()

    page.get_by_role("button", name="Grant a permission").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Grant")).to_be_disabled()
    dialog.get_by_label("User").select_option(user)
    dialog.get_by_label("Permission").select_option("EDIT")
    dialog.get_by_role("button", name="Grant").click()
    expect(dialog).to_have_count(0)
    level = page.get_by_label(f"Permission of {user}", exact=True)
    expect(level).to_have_value("EDIT")
    assert levels(workspace, "/experiments/churn") == {user: "EDIT"}

    level.select_option("NO_PERMISSIONS")
    wait_for_levels(workspace, "/experiments/churn", {user: "NO_PERMISSIONS"})
    expect(level).to_have_value("NO_PERMISSIONS")

    page.get_by_role("button", name=f"Revoke the permission of {user}").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Keep").click()
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    assert levels(workspace, "/experiments/churn") == {user: "NO_PERMISSIONS"}
    page.get_by_role("button", name=f"Revoke the permission of {user}").click()
    confirm(page, "Revoke")
    expect(page.get_by_text("Roles decide here")).to_be_visible()
    assert levels(workspace, "/experiments/churn") == {}


def test_it_is_done_with_the_keyboard_alone(workspace: Workspace, studio: Studio, user: str) -> None:
    workspace.call("PUT", "/experiments/churn")
    page = studio.page
    studio.open("/experiments/churn?tab=permissions")
    grant = page.get_by_role("button", name="Grant a permission")
    grant.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    choice = dialog.get_by_label("User")
    expect(choice.locator(f"option[value={user}]")).to_be_attached()
    choice.focus()
    for _ in range(choice.locator("option").count()):
        if choice.input_value() != user:
            page.keyboard.press("ArrowDown")
    expect(choice).to_have_value(user)
    page.keyboard.press("Tab")
    expect(dialog.get_by_label("Permission")).to_be_focused()
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Grant")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    wait_for_levels(workspace, "/experiments/churn", {user: "READ"})

    revoke = page.get_by_role("button", name=f"Revoke the permission of {user}")
    revoke.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alertdialog")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Keep")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    expect(revoke).to_be_focused()


def test_a_registered_model_has_permissions_too_and_the_settings_lead_there(
    workspace: Workspace, studio: Studio, user: str
) -> None:
    run = workspace.run("churn")
    workspace.send(f"/runs/{run}/artifacts/outputs/model.pkl", b"x")
    workspace.call("POST", "/models", {"name": "digits", "run_id": run, "run_path": "outputs/model.pkl"})
    workspace.call("PUT", f"/models/digits/permissions/{user}", {"level": "MANAGE"})
    page = studio.page
    studio.open("/models/digits/1?tab=permissions")
    expect(page.get_by_label(f"Permission of {user}", exact=True)).to_have_value("MANAGE")

    studio.open("/settings?tab=permissions")
    expect(page.get_by_text("Roles decide here")).to_be_visible()  # of the experiment, which stands first
    page.get_by_role("combobox", name="Permissions on").click()
    page.get_by_role("option", name="digits").click()
    expect(page.get_by_label(f"Permission of {user}", exact=True)).to_have_value("MANAGE")
    page.reload()
    expect(page.get_by_label(f"Permission of {user}", exact=True)).to_have_value("MANAGE", timeout=PATIENCE_MS)


def test_whoever_may_not_grant_is_told_so(browser: Browser, workspace: Workspace, user: str) -> None:
    workspace.call("PUT", "/experiments/churn")
    profile = browser.new_context(viewport={"width": NARROW[0], "height": NARROW[1]})
    page = profile.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{workspace.url}/ws/{workspace.name}/experiments/churn?tab=permissions")
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Not for you to see")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("main")).to_contain_text("Ask an admin")
    expect(page.get_by_role("button", name="Grant a permission")).to_have_count(0)
    profile.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_is_fit_to_be_seen(browser: Browser, workspace: Workspace, user: str, scheme: str) -> None:
    workspace.call("PUT", "/experiments/churn")
    workspace.call("PUT", f"/experiments/churn/permissions/{user}", {"level": "EDIT"})
    with signed_in(browser, workspace, NARROW, color_scheme=scheme) as studio:
        studio.open("/settings?tab=permissions")
        expect(studio.page.get_by_label(f"Permission of {user}", exact=True)).to_have_value("EDIT")
        assert studio.overflow() == 0
        assert [*findings(studio.page), *clipped(studio.page)] == []
        assert studio.problems == []
