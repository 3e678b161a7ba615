"""Registered models: aliases, what is said of all versions, and a name without a version."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.accessibility import clipped, findings
from tests.e2e.browser import NARROW, Studio, Workspace, confirm


@pytest.fixture(autouse=True)
def churn(workspace: Workspace) -> None:
    """A model with two versions, of which the first is the champion."""
    run = workspace.run("training")
    workspace.send(f"/runs/{run}/artifacts/outputs/model.pkl", bytes(100))
    for _ in range(2):
        workspace.call("POST", "/models", {"name": "churn", "run_id": run, "run_path": "outputs/model.pkl"})
    workspace.call("PUT", "/registered-models/churn/aliases/champion", {"version": 1})


def unfilled(workspace: Workspace, name: str) -> None:
    made = workspace.http.post(
        f"/workspaces/{workspace.name}/api/2.0/mlflow/registered-models/create", json={"name": name}
    )
    assert made.status_code == 200, made.text


def aliases(workspace: Workspace) -> object:
    return workspace.call("GET", "/registered-models/churn")["aliases"]


def test_an_alias_is_seen_in_the_lists_and_moves(workspace: Workspace, studio: Studio) -> None:
    studio.open("/models")
    expect(studio.page.get_by_role("row", name="churn")).to_contain_text("champion: 1")
    studio.open("/models/churn?tab=versions")
    expect(studio.page.get_by_role("row", name="Version 1")).to_contain_text("champion")
    studio.open("/models/churn/2")
    card = studio.page.get_by_role("region", name="Aliases")
    expect(card).to_contain_text("No aliases")
    card.get_by_role("button", name="Add alias").click()
    dialog = studio.page.get_by_role("dialog")
    dialog.get_by_label("Alias").fill("champion")
    expect(dialog).to_contain_text("It moves here from version 1.")
    dialog.get_by_role("button", name="Move").click()
    expect(card).to_contain_text("models:/churn@champion")
    assert aliases(workspace) == {"champion": 2}
    card.get_by_role("button", name="Remove the alias champion").click()
    expect(card).to_contain_text("No aliases")
    assert aliases(workspace) == {}


def test_a_name_that_is_no_alias_says_why(studio: Studio) -> None:
    studio.open("/models/churn/2")
    studio.page.get_by_role("button", name="Add alias").click()
    dialog = studio.page.get_by_role("dialog")
    dialog.get_by_label("Alias").fill("v7")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_contain_text("is not an alias")
    studio.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    studio.problems.clear()  # the browser logs the refusal


def test_what_is_said_of_all_versions_stays_with_the_model(workspace: Workspace, studio: Studio) -> None:
    workspace.call("PATCH", "/registered-models/churn", {"description": "Who leaves within 30 days"})
    studio.open("/models/churn/1")
    about = studio.page.get_by_role("region", name="About all versions")
    expect(about).to_contain_text("Who leaves within 30 days")
    about.get_by_role("button", name="Edit").click()
    about.get_by_label("Description").fill("Who leaves")
    about.get_by_role("button", name="Save").click()
    expect(about).to_contain_text("Who leaves")
    expect(about.get_by_role("button", name="Edit")).to_be_visible()
    assert workspace.call("GET", "/registered-models/churn")["description"] == "Who leaves"


def test_a_model_without_a_version_has_a_page_and_can_be_deleted(workspace: Workspace, studio: Studio) -> None:
    unfilled(workspace, "モデル")
    studio.open("/models")
    studio.page.get_by_role("link", name="モデル").click()
    expect(studio.page.get_by_text("No versions yet")).to_be_visible()
    studio.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert findings(studio.page) == []
    assert clipped(studio.page) == []
    studio.page.set_viewport_size({"width": 1280, "height": 800})
    studio.page.get_by_role("button", name="Delete model").click()
    confirm(studio.page, "Delete")
    expect(studio.page.get_by_role("link", name="churn")).to_be_visible()
    expect(studio.page.get_by_role("link", name="モデル")).to_have_count(0)


@pytest.mark.parametrize("path", ["/models", "/models/churn", "/models/churn?tab=versions"])
def test_the_pages_have_names_and_fit(studio: Studio, path: str) -> None:
    studio.open(path)
    expect(studio.page.get_by_text("champion").or_(studio.page.get_by_text("No aliases")).first).to_be_visible()
    assert findings(studio.page) == []
    studio.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert clipped(studio.page) == []
