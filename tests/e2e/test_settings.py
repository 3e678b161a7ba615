"""Access tokens are made, shown once and revoked; an admin manages users."""

from __future__ import annotations

from uuid import uuid4

import httpx
from playwright.sync_api import expect

from tests.e2e.browser import Studio, Workspace, confirm


def knows(workspace: Workspace, token: str) -> bool:
    """Whether the server takes the token for one of its own."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{workspace.url}/api/v1/me", headers=headers, timeout=30).status_code == 200


def test_a_token_is_made_shown_once_and_revoked(workspace: Workspace, studio: Studio) -> None:
    page = studio.page
    studio.open("/settings")
    name = f"laptop {uuid4().hex[:6]}"
    page.get_by_role("button", name="Create token").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Expires in").select_option("1 day")
    dialog.get_by_role("button", name="Create").click()
    shown = page.get_by_role("alertdialog")
    expect(shown.get_by_text("shown this once")).to_be_visible()
    expect(shown.get_by_role("button", name="Copy Token")).to_be_visible()
    token = shown.locator("pre").first.inner_text().strip()
    assert knows(workspace, token)
    shown.get_by_role("button", name="Done").click()

    row = page.get_by_role("row", name=name)
    expect(row).to_contain_text("in 2")  # hours: it expires within a day
    expect(page.get_by_text(token)).to_have_count(0)
    row.get_by_role("button", name=f"Revoke {name}").click()
    confirm(page, "Revoke")
    expect(row).to_have_count(0)
    assert not knows(workspace, token)


def test_an_admin_creates_changes_and_deletes_a_user(workspace: Workspace, studio: Studio) -> None:
    page = studio.page
    name = f"u-{uuid4().hex[:8]}"
    studio.open("/settings?tab=users")
    page.get_by_role("button", name="Create user").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("User name").fill(name)
    dialog.get_by_label("Password").fill("short")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_text("The password has 5 characters")).to_be_visible()
    dialog.get_by_label("Password").fill("correct horse")
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_label(f"Role of {name}")).to_have_value("user")
    page.get_by_label(f"Role of {name}").select_option("reader")
    expect(page.get_by_text(f"{name} is now reader").first).to_be_visible()  # a screen reader is told too
    assert workspace.call("GET", f"//users/{name}")["role"] == "reader"
    page.get_by_role("button", name=f"Delete {name}").click()
    confirm(page, "Delete")
    expect(page.get_by_role("row", name=name)).to_have_count(0)
    assert name not in [user["name"] for user in workspace.call("GET", "//users")["items"]]
